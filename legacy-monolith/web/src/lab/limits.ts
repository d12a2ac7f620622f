/** Bounds on what an interface may send, each with its reason. */

/** A micro-panel with every organism and comment stays under 1,000 segments; more is a runaway sender. */
export const hl7SegmentsMax = 2_000;

/** OBX-5 may carry a report as text; 64 KB is what the interface table was sized for. */
export const hl7SegmentCharsMax = 65_536;

/** v2.8's longest segment (IN2, PID …) has fewer than 80 fields. */
export const hl7FieldsMax = 200;

/** A day's batch of results of one analyser is below 256 KB. */
export const hl7BodyBytesMax = 1_048_576;

/** An ORU message names at most this many orders (OBR groups). */
export const hl7OrdersMax = 100;
