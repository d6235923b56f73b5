import { relay } from "./relay.js";

onmessage = ({ data }) => relay(data.ports, data);
