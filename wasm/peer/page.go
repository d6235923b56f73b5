package peer

// Page is the address of the main page's runtime: what a room sends there goes to the control line.
const Page ID = 1<<32 - 1
