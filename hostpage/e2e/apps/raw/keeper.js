// A SharedWorker that keeps a hub port of its app alive beyond the document that greeted with it.
/** @type {MessagePort | undefined} */
let kept;
/** @type {unknown[]} */
const heard = [];

onconnect = (event) => {
  const [tab] = event.ports;
  tab.onmessage = ({ data, ports }) => {
    if (data.keep) {
      kept = ports[0];
      kept.onmessage = (message) => heard.push(message.data);
    } else if (data.post) {
      kept.postMessage(data.post);
    }
    tab.postMessage({ id: data.id, heard: heard.slice() });
  };
};
