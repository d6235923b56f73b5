/** What the hub's script /client/v1/client.js defines for pages without modules. */
declare const crossframe: typeof import("@crossframe/client");
