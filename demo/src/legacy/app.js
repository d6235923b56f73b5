// An old page, as it was found: no modules, no build, no framework. It learnt to work with the others from one script
// tag, which defines the global "crossframe".
(function () {
  "use strict";

  /** @type {import("@crossframe/client").Hub | undefined} */
  var hub;
  var customer = { id: "4711", name: "Samuel Doyle", city: "Bristol", segment: "Family" };

  /** @param {string} id */
  function input(id) {
    return /** @type {HTMLInputElement} */ (document.getElementById(id));
  }

  /** @param {string} text */
  function say(text) {
    input("status").textContent = "Status: " + text;
  }

  /** @param {string} text */
  function answer(text) {
    input("answer").textContent = text;
  }

  /** @param {unknown} error */
  function describe(error) {
    return error instanceof Error && "code" in error ? error.code + ": " + error.message : String(error);
  }

  function showCustomer() {
    input("id").value = customer.id;
    input("name").value = customer.name;
    input("city").value = customer.city;
    input("segment").value = customer.segment;
    input("text").value = "";
    input("image").hidden = true;
    answer("");
  }

  /**
   * What comes from another app is looked at before it is used.
   * @param {any} value
   */
  function follow(value) {
    if (!value || typeof value.id !== "string" || value.id === customer.id) return;
    customer = {
      id: value.id,
      name: String(value.name || ""),
      city: String(value.city || ""),
      segment: String(value.segment || ""),
    };
    showCustomer();
  }

  function shareNote() {
    if (!hub) return answer("not connected");
    hub.contexts.update("customer.note", { customerId: customer.id, text: input("text").value }).then(
      function () { answer("note shared"); },
      function (error) { answer(describe(error)); }
    );
  }

  function fetchSummary() {
    if (!hub) return answer("not connected");
    hub.interop.invoke("contracts.summary", { customerId: customer.id }).then(
      function (result) {
        var summary = /** @type {import("../shared.js").ContractSummary} */ (result);
        answer(summary.active + " of " + summary.count + " contracts active, " + summary.premium + " EUR a year");
      },
      function (error) { answer(describe(error)); }
    );
  }

  function fetchPicture() {
    if (!hub) return answer("not connected");
    hub.interop.invoke("chart.snapshot").then(
      function (result) {
        var bytes = /** @type {ArrayBuffer} */ (result);
        var image = /** @type {HTMLImageElement} */ (document.getElementById("image"));
        URL.revokeObjectURL(image.src);
        image.src = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
        image.alt = "Chart of " + customer.name;
        image.hidden = false;
        answer("PNG file, " + bytes.byteLength + " bytes");
      },
      function (error) { answer(describe(error)); }
    );
  }

  input("form").addEventListener("submit", function (event) {
    event.preventDefault();
    shareNote();
  });
  input("summary").addEventListener("click", fetchSummary);
  input("picture").addEventListener("click", fetchPicture);
  showCustomer();
  connectToHub();

  function connectToHub() {
    // The script did not load: the page's server did not fill in the hub's address, or the hub is down.
    if (typeof crossframe === "undefined") return say("no hub: this page runs by itself");
    say("connecting");
    // The hub whose script this is, is the hub that the script trusts: there is nothing to set.
    crossframe.connect({ app: "legacy" }).then(connected, refused);
  }

  /** @param {import("@crossframe/client").Hub} joined */
  function connected(joined) {
    hub = joined;
    say("connected as " + joined.me.instance);
    joined.on("disconnected", function (error) { say("disconnected: " + error.message); });
    joined.on("reconnected", function () { say("reconnected as " + joined.me.instance); });
    joined.on("closed", function (error) { say("connection ended: " + describe(error)); });
    joined.contexts.subscribe("customer", follow).catch(function (error) { answer(describe(error)); });
  }

  /** @param {unknown} error */
  function refused(error) {
    var code = error instanceof Error && "code" in error ? String(error.code) : "";
    var alone = ["HUB_NOT_FOUND", "HUB_UNTRUSTED", "HANDSHAKE_TIMEOUT"].indexOf(code) >= 0;
    say(alone ? "no hub: this page runs by itself (" + code + ")" : "refused: " + describe(error));
  }
})();
