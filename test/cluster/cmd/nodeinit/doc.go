// Command nodeinit is the first process of a test node, and of its pods.
//
//	nodeinit run PLAN    set a node up and run its components
//	nodeinit pause       wait for all children until a signal: a pod's sandbox
//
// As a node it is PID 1 of PID, mount and network namespaces that package
// cluster made for it. So the node's mounts, links, rules and processes end
// with it, whatever happens to it: the kernel sees to that.
package main
