package schemas

// Version is that of the whole system, as CHANGELOG.md has it. A run goes on under a worker of the version that began it: workflow
// histories of one are replayed by its tests, and by no other's.
const Version = "0.1.0"
