//! Scripts in a container without a cluster.
