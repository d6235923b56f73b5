/** Reposts what arrives, untouched. */
export function relay([caller, ...others]) {
  caller.onmessage = ({ data }) => {
    for (const other of others) other.postMessage(data);
  };
  for (const other of others) other.onmessage = ({ data }) => caller.postMessage(data);
}
