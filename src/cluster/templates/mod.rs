//! Worlds to begin with: the default kubeadm cluster, and the bare one behind the recorded sessions.
