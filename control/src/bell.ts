/** Wakes everybody who waits for something that may have changed. Take `next` before looking; ring after changing. */
export class Bell {
  #next = Promise.withResolvers<void>();

  ring(): void {
    const rung = this.#next;
    this.#next = Promise.withResolvers<void>();
    rung.resolve();
  }

  get next(): Promise<void> {
    return this.#next.promise;
  }

  /** @returns when the bell rang or the time is over, whichever is first. */
  async within(ms: number, next: Promise<void> = this.next): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, ms);
    await Promise.race([next, over.promise]);
    clearTimeout(timer);
  }
}
