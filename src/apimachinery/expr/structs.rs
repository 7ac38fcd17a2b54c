//! Object literals: `Object{spec: Object.spec{replicas: 3}}`. Their types are not declared anywhere; each is a
//! map of what it is given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cel::common::ast::{EntryExpr, Expr};
use cel::common::types::Type;
use cel::common::value::{CowVal, Val};
use cel::{Env, ExecutionError, IdedExpr, StructType, Value};

use super::library;

/// An environment that knows the types of the objects that an expression makes; `None` when it makes none.
pub(super) fn environment(root: &IdedExpr) -> Option<Arc<Env>> {
    let mut names = BTreeSet::new();
    collect(root, &mut names);
    if names.is_empty() {
        return None;
    }
    let mut env = library::environment();
    for name in names {
        // A name that is no name is refused when the literal is run.
        let _ = env.add_type(Made(Type::new_struct(name)));
    }
    Some(Arc::new(env))
}

fn collect(node: &IdedExpr, names: &mut BTreeSet<String>) {
    match &node.expr {
        Expr::Struct(made) => {
            names.insert(made.type_name.trim_start_matches('.').to_owned());
            for entry in &made.entries {
                if let EntryExpr::StructField(field) = &entry.expr {
                    collect(&field.value, names);
                }
            }
        }
        Expr::Map(map) => {
            for entry in &map.entries {
                if let EntryExpr::MapEntry(entry) = &entry.expr {
                    collect(&entry.key, names);
                    collect(&entry.value, names);
                }
            }
        }
        Expr::List(list) => list.elements.iter().for_each(|it| collect(it, names)),
        Expr::Select(select) => collect(&select.operand, names),
        Expr::Call(call) => {
            call.target.as_deref().into_iter().chain(&call.args).for_each(|it| collect(it, names));
        }
        Expr::Comprehension(it) => {
            let parts = [&it.iter_range, &it.accu_init, &it.loop_cond, &it.loop_step, &it.result];
            parts.into_iter().for_each(|it| collect(it, names));
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

struct Made(Type);

impl StructType for Made {
    fn get_type(&self) -> &Type {
        &self.0
    }

    fn new_value<'b, 'v>(
        &self,
        fields: BTreeMap<String, CowVal<'b, 'v>>,
    ) -> Result<Box<dyn Val + 'v>, ExecutionError> {
        let mut pairs = Vec::with_capacity(fields.len());
        for (name, value) in fields {
            pairs.push((name, Value::try_from(value.as_ref())?));
        }
        super::map_of(pairs.into_iter()).try_into()
    }
}
