/** What this library calls itself in a greeting; a test holds it to package.json. */
export const library = "@crossframe/client 0.1.0";
