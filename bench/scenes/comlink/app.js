import { expose, wrap } from "comlink";
import { askForPort } from "../frames.js";
import { offer } from "../timing.js";

const [first] = new URLSearchParams(location.search).get("frames").split(",");
const port = await askForPort();
if (location.hostname === first) {
  const host = wrap(port);
  offer({ call: (value) => host.echo(value) });
} else {
  expose({ echo: (value) => value }, port);
  offer({});
}
