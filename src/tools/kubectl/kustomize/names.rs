//! Names that changed, and the fields of other objects that mean them.
//!
//! Follows kustomize's name reference transformer: an object is meant that had the name once, is of the kind that the
//! field is for, and stands in the same namespace; among several, the one that went through the same prefixes.

use super::super::Failure;
use super::fields::{self, Make, Spec};
use super::resource::{Id, Resource, selects};
use super::specs::Config;
use crate::apimachinery::json::Value;
use crate::apimachinery::object::{self, Gvk, field};

/// Puts the hash of its content behind the name of each generated object.
pub(super) fn add_hashes(resources: &mut [Resource]) {
    for resource in resources.iter_mut().filter(|it| it.hashed) {
        let hash = super::super::hash::of(&resource.tree, "");
        let name = format!("{}-{hash}", object::name(&resource.tree));
        resource.remember();
        resource.set_name(&name);
    }
}

/// Brings all references to their objects' newest names.
///
/// # Errors
/// A name that may mean several objects.
pub(super) fn fix_references(config: &Config, resources: &mut [Resource]) -> Result<(), Failure> {
    let all: Vec<Candidate> = resources.iter().map(Candidate::of).collect();
    for (resource, own) in resources.iter_mut().zip(&all) {
        for (target, specs) in &config.references {
            for spec in specs.iter().filter(|it| selects(&it.gvk, &own.first.gvk)) {
                fix(resource, own, target, spec, &all).map_err(Failure::error)?;
            }
        }
    }
    Ok(())
}

/// What is known of an object that a name may mean.
struct Candidate {
    now: Id,
    first: Id,
    previous: Vec<Id>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
    /// Namespaces of accounts that a binding names.
    accounts: Vec<String>,
    tree: Value,
}

impl Candidate {
    fn of(resource: &Resource) -> Self {
        let subjects = if resource.gvk().kind == "RoleBinding" {
            object::list(&resource.tree, "/subjects")
        } else {
            &[]
        };
        let accounts = subjects.iter().filter(|it| field(it, "kind") == "ServiceAccount");
        Self {
            now: resource.id(),
            first: resource.original_id(),
            previous: resource.previous_ids(),
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
            accounts: accounts.map(|it| field(it, "namespace").to_owned()).collect(),
            tree: resource.noted(),
        }
    }

    /// Whether it is of those that an object may name at all.
    fn is_near(&self, referrer: &Candidate) -> bool {
        super::resource::is_cluster_scoped(&referrer.now.gvk)
            || super::resource::is_cluster_scoped(&self.now.gvk)
            || self.now.same_namespace(&referrer.now)
            || (!self.now.namespace.is_empty() && referrer.accounts.contains(&self.now.namespace))
    }

    /// Whether it stands where an object may name it.
    fn is_in_reach(&self, referrer: &Candidate) -> bool {
        super::resource::is_cluster_scoped(&referrer.now.gvk)
            || super::resource::is_cluster_scoped(&self.now.gvk)
            || self.now.gvk.kind == "ServiceAccount"
            || self.now.same_namespace(&referrer.now)
    }

    /// Whether both went through the same prefixes and suffixes, or one through none.
    fn went_along(&self, other: &Candidate, or_none: bool) -> bool {
        let alike = |a: &[String], b: &[String]| {
            (or_none && (a.is_empty() || b.is_empty())) || a.ends_with(b) || b.ends_with(a)
        };
        alike(&self.prefixes, &other.prefixes) && alike(&self.suffixes, &other.suffixes)
    }
}

fn fix(
    resource: &mut Resource,
    own: &Candidate,
    target: &Gvk,
    spec: &Spec,
    all: &[Candidate],
) -> Result<(), String> {
    let role = spec.path.ends_with("roleRef/name").then(|| resource.tree.get("roleRef").cloned()).flatten();
    let role = role.map(|it| Gvk::new(field(&it, "apiGroup"), "", field(&it, "kind")));
    let search = Search { own, target, role, all };
    let exact = Spec { gvk: resource.gvk(), ..spec.clone() };
    fields::change(&mut resource.tree, &exact, Make::Nothing, &mut |found| search.set(found)).map_err(|why| {
        format!("updating name reference in '{}' field of '{}': {why}", spec.path, own.now.text())
    })
}

/// The search for what a name of one object means.
struct Search<'a> {
    own: &'a Candidate,
    target: &'a Gvk,
    /// What a binding says of its role.
    role: Option<Gvk>,
    all: &'a [Candidate],
}

impl<'a> Search<'a> {
    fn set(&self, found: &mut Value) -> Result<(), String> {
        match found {
            Value::Null => Ok(()),
            Value::Array(items) => items.iter_mut().try_for_each(|it| self.set(it)),
            Value::Object(_) => self.set_map(found),
            Value::String(name) => {
                if let Some(meant) = self.meant(name, self.near(), false)? {
                    *name = meant.now.name.as_str().into();
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn near(&self) -> Vec<&'a Candidate> {
        self.all.iter().filter(|it| it.is_near(self.own)).collect()
    }

    fn set_map(&self, found: &mut Value) -> Result<(), String> {
        let Some(name) = found.get("name").map(super::paths::scalar) else {
            return Err("path config error; no 'name' field in node".into());
        };
        let mut candidates = self.near();
        if let Some(namespace) = found.get("namespace").map(super::paths::scalar) {
            let of = |id: fn(&Candidate) -> &Id| -> Vec<&'a Candidate> {
                let near = candidates.iter().copied();
                near.filter(|it| id(it).effective_namespace() == namespace).collect()
            };
            let first = of(|it| &it.first);
            candidates = if first.is_empty() { of(|it| &it.now) } else { first };
        }
        let Some(meant) = self.meant(&name, candidates, true)? else { return Ok(()) };
        if meant.now.name == name && meant.now.namespace.is_empty() {
            return Ok(());
        }
        object::set(found, &["name"], meant.now.name.as_str());
        if !meant.now.namespace.is_empty() {
            object::set(found, &["namespace"], meant.now.namespace.as_str());
        }
        Ok(())
    }

    fn meant(
        &self,
        name: &str,
        mut found: Vec<&'a Candidate>,
        with_namespace: bool,
    ) -> Result<Option<&'a Candidate>, String> {
        found.retain(|it| it.previous.iter().any(|id| id.name == name));
        found.retain(|it| it.previous.iter().any(|id| selects(self.target, &id.gvk)));
        if let Some(role) = &self.role {
            found.retain(|it| it.previous.iter().any(|id| selects(role, &id.gvk)));
        }
        found.retain(|it| it.is_in_reach(self.own));
        if found.len() > 1 {
            found.retain(|it| it.went_along(self.own, true));
        }
        if found.len() > 1 {
            found.retain(|it| it.went_along(self.own, false));
        }
        let Some(first) = found.first().copied() else { return Ok(None) };
        let alike = |it: &&Candidate| {
            it.now.name == first.now.name && (!with_namespace || it.now.namespace == first.now.namespace)
        };
        if found.iter().all(alike) { Ok(Some(first)) } else { Err(self.too_many(&found)) }
    }

    fn too_many(&self, found: &[&Candidate]) -> String {
        let ids: Vec<String> = found.iter().map(|it| it.now.text()).collect();
        let shown = |it: &Candidate| crate::apimachinery::yaml::to_string(&it.tree);
        let mut text = format!(
            "found multiple possible referrals: {}\n\n**** Too many possible referral targets to referrer:\n{}\n",
            ids.join(", "),
            shown(self.own)
        );
        for (index, it) in found.iter().enumerate() {
            text.push_str(&format!("--- possible referral {index}:\n{}\n", shown(it)));
        }
        text
    }
}
