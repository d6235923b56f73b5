package peer

// Page is the address of the main page's runtime: what a room sends there goes to the control line.
const Page ID = 1<<32 - 1

// Broker is the address of the broker: what a room sends there goes to the link, and nowhere while there is none. The
// requests of a room come back under the ids that it gave them.
const Broker ID = 1<<32 - 2
