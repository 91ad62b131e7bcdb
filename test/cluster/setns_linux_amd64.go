package cluster

// sysSetns is setns(2); package syscall lacks it here.
const sysSetns = 308
