/**
 * Makes an exchange of changes: the caller sends one, the other frame answers it by one of its own.
 *
 * @param send sends a change
 * @returns exchange(value), and what to call when the other's change has arrived
 */
export function exchanging(send) {
  let arrived;
  const exchange = (value) =>
    new Promise((done) => {
      arrived = done;
      void send(value);
    });
  return { exchange, arrived: () => arrived?.() };
}
