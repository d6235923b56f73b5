// An app whose only build step is the hub's script tag.
crossframe.connect().then(
  async (hub) => {
    await hub.interop.register("tag.echo", (args) => ({ args, from: hub.me.instance }));
    await hub.contexts.subscribe("said", (value) => {
      document.getElementById("said").textContent = value ? value.text : "nothing";
    });
  },
  (error) => {
    document.getElementById("said").textContent = error.code;
  },
);
