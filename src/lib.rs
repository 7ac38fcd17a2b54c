//! CKA exam practice in the terminal: a simulated kubeadm cluster, a simulated shell,
//! exercises and a grader.
//!
//! Read the modules in the order below. Each layer uses only the layers above it in this
//! list; `tests/it/architecture.rs` fails when one does not.
//!
//! | layer | what it is | knows nothing of |
//! |---|---|---|
//! | [`sim`] | simulated time, timers, seeded chance, limits | machines |
//! | [`apimachinery`] | objects, patches, selectors, schema, Status errors | clusters, storage |
//! | [`hosts`] | machines: files, users, units, journals, certificates | Kubernetes |
//! | [`cluster`] | API server, controllers, scheduler, kubelets, network | shells, exercises |
//! | [`shell`] | a session on a host or in a container; Unix programs | kubectl |
//! | [`tools`] | kubectl, etcdctl, openssl, curl … | exercises |
//! | [`exercises`] | packs, checks, grading, diffs, proofs | screens |
//! | [`exam`] | sittings, scores, progress | screens |
//! | [`tui`] | state, update, views | the real terminal |
//! | [`serve`] | the API over HTTPS for real clients | screens |
//! | [`cli`] | arguments, the real clock, terminal and files | |

mod sim;
mod apimachinery;
mod hosts;
mod cluster;
mod shell;
mod tools;
mod exercises;
mod exam;
mod tui;
mod serve;
pub mod cli;
#[doc(hidden)]
pub mod bench;
#[doc(hidden)]
pub mod fuzz;
