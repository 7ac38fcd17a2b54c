//! What API objects are, whoever stores them: trees, names of kinds, quantities, selectors,
//! patches, merge rules, schemas, Status errors, and the query languages of kubectl's `-o`.
//!
//! Invariant: knows nothing of clusters, storage, machines or commands. Everything here is a
//! function of its arguments.
//!
//! Start with [`object`] (how trees are read), [`status`] (how a refusal looks), [`schema`]
//! (what the built-in kinds are made of).

pub(crate) mod apply;
pub(crate) mod expr;
pub(crate) mod field;
pub(crate) mod go;
pub(crate) mod go_json;
pub(crate) mod gotemplate;
pub(crate) mod json;
pub(crate) mod jsonpath;
pub(crate) mod object;
pub(crate) mod patch;
pub(crate) mod protobuf;
pub(crate) mod quantity;
#[cfg(test)]
mod robust;
pub(crate) mod schema;
pub(crate) mod selector;
pub(crate) mod status;
pub(crate) mod validate;
pub(crate) mod yaml;
