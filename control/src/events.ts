/** Names of the control plane's log events. */
export const events = {
  seeded: "control.seeded",
  published: "control.revision_published",
  headReadFailed: "control.head_read_failed",
  countsWriteFailed: "control.counts_write_failed",
  countsDropped: "control.counts_dropped",
  requestFailed: "control.request_failed",
  replicaConnected: "control.replica_connected",
  replicaLeft: "control.replica_left",
  replicaRefused: "control.replica_refused_revision",
  replicaStalled: "control.replica_stream_stalled",
  shadowTidyFailed: "control.shadow_tidy_failed",
  flipTaken: "control.flip_taken",
  flipEnded: "control.flip_ended",
  flipLeft: "control.flip_left",
  flipLookFailed: "control.flip_look_failed",
  generatedToken: "control.token_generated",
} as const;
