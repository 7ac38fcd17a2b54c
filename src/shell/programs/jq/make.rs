//! Filters that make values: arrays, objects, texts, and what operators give.

use std::sync::Arc;

use super::machine::{Env, Flow, Item, Machine, Out, Stop, Track};
use super::tree::{Kind, Node, Operator, Part};
use super::value::{List, Object, Val};
use super::{arithmetic, formats};

impl<'p> Machine<'p> {
    pub(super) fn make(&mut self, node: &'p Node, env: Env<'p>, item: Item, out: Out<'_, 'p>) -> Flow {
        match &node.kind {
            Kind::Array(None) => out(self, item.made(Val::list(Vec::new()))),
            Kind::Array(Some(of)) => {
                let mut list = List::default();
                self.eval(of, env, item.aside(), &mut |machine, it| machine.collect(&mut list, it.value))?;
                let made = self.made(Val::Arr(Arc::new(list)))?;
                out(self, item.made(made))
            }
            Kind::Object(members) => self.object(members, &env, &item, Object::default(), out),
            Kind::Text(format, parts) => self.text(format.as_deref(), parts, &env, &item, String::new(), out),
            Kind::Format(name) => {
                let text = formats::formatted(name, &item.value)?;
                self.charge(text.len() as u64)?;
                out(self, item.made(Val::text(text)))
            }
            _ => Ok(()),
        }
    }

    fn object(
        &mut self,
        members: &'p [(Node, Node)],
        env: &Env<'p>,
        item: &Item,
        object: Object,
        out: Out<'_, 'p>,
    ) -> Flow {
        let Some(((key, value), rest)) = members.split_first() else {
            self.charge(object.len() as u64 * 64)?;
            let made = self.made(Val::object(object))?;
            return out(self, item.made(made));
        };
        if key.single && value.single {
            let key = self.one(key, env, item.aside())?.value;
            let value = self.one(value, env, item.aside())?.value;
            let mut object = object;
            object.put(name_of(&key)?, value);
            return self.object(rest, env, item, object, out);
        }
        self.eval(key, env.clone(), item.aside(), &mut |machine, key| {
            machine.eval(value, env.clone(), item.aside(), &mut |machine, value| {
                let mut object = object.clone();
                object.put(name_of(&key.value)?, value.value);
                machine.object(rest, env, item, object, out)
            })
        })
    }

    /// A string whose last hole varies slowest.
    fn text(
        &mut self,
        format: Option<&str>,
        parts: &'p [Part],
        env: &Env<'p>,
        item: &Item,
        behind: String,
        out: Out<'_, 'p>,
    ) -> Flow {
        let Some((part, before)) = parts.split_last() else {
            self.charge(behind.len() as u64)?;
            return out(self, item.made(Val::text(behind)));
        };
        match part {
            Part::Text(text) => self.text(format, before, env, item, text.to_owned() + &behind, out),
            Part::Hole(node) => self.eval(node, env.clone(), item.aside(), &mut |machine, it| {
                let text = formats::formatted(format.unwrap_or("text"), &it.value)?;
                machine.text(format, before, env, item, text + &behind, out)
            }),
        }
    }

    pub(super) fn calculate(&mut self, node: &'p Node, env: Env<'p>, item: Item, out: Out<'_, 'p>) -> Flow {
        match &node.kind {
            Kind::Negate(of) => {
                let at = item.clone();
                self.eval(of, env, item.aside(), &mut |machine, it| {
                    let made = arithmetic::negated(&it.value)?;
                    out(machine, at.made(made))
                })
            }
            Kind::And(left, right) | Kind::Or(left, right) => {
                let decides = matches!(node.kind, Kind::Or(..));
                let inner = env.clone();
                self.eval(left, env, item.aside(), &mut |machine, it| {
                    if it.value.is_true() == decides {
                        return out(machine, item.made(Val::Bool(decides)));
                    }
                    machine.eval(right, inner.clone(), item.aside(), &mut |machine, it| {
                        out(machine, item.made(Val::Bool(it.value.is_true())))
                    })
                })
            }
            Kind::Binary(operator, left, right) => self.binary(*operator, left, right, env, item, out),
            _ => Ok(()),
        }
    }

    fn binary(
        &mut self,
        operator: Operator,
        left: &'p Node,
        right: &'p Node,
        env: Env<'p>,
        item: Item,
        out: Out<'_, 'p>,
    ) -> Flow {
        if left.single && right.single {
            let right = self.one(right, &env, item.aside())?.value;
            if let Track::Off = item.track {
                // The value is given away, so that one that nobody else has is changed in place.
                let left = self.one(left, &env, item)?.value;
                let made = arithmetic::apply(self, operator, left, right)?;
                return out(self, Item::plain(made));
            }
            let left = self.one(left, &env, item.aside())?.value;
            let made = arithmetic::apply(self, operator, left, right)?;
            return out(self, item.made(made));
        }
        let inner = env.clone();
        self.eval(right, env, item.aside(), &mut |machine, right| {
            machine.eval(left, inner.clone(), item.aside(), &mut |machine, left| {
                let made = arithmetic::apply(machine, operator, left.value, right.value.clone())?;
                out(machine, item.made(made))
            })
        })
    }
}

fn name_of(key: &Val) -> Flow<Arc<String>> {
    match key {
        Val::Str(name) => Ok(name.clone()),
        other => {
            let shown = super::write::brief(other);
            Err(Stop::from(format!("Cannot use {} ({shown}) as object key", other.kind())))
        }
    }
}
