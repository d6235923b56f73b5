/**
 * Reposts what arrives, untouched.
 *
 * @param options each is called for each message; acknowledges: what the caller posts is also answered
 */
export function relay([caller, ...others], { each = () => {}, acknowledges = false } = {}) {
  caller.onmessage = ({ data }) => {
    each();
    for (const other of others) other.postMessage(data);
    if (acknowledges) caller.postMessage({ kind: "acknowledged", id: data.id });
  };
  for (const other of others) {
    other.onmessage = ({ data }) => {
      each();
      caller.postMessage(data);
    };
  }
}
