//! From objects to text: tables, JSON, YAML, names and templates.
//!
//! [`Printer`] is what verbs that change something print with; `get` also uses [`table`].

mod columns;
mod kyaml;
mod output;
pub(crate) mod table;
pub(crate) mod tabs;
pub(crate) mod template;

pub(crate) use output::{Format, Printer};
pub(crate) use tabs::TabWriter;
