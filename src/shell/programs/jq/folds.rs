//! Variables, loops over values, and what changes a value at paths.

use super::arithmetic;
use super::eval::Next;
use super::machine::{Bound, Env, Flow, Item, Machine, Out, Stop, Track};
use super::paths;
use super::tree::{Kind, Loop, Member, Node, Pattern, Patterns};
use super::value::Val;
use super::write::{compact, cut};

/// Takes the bindings that a pattern gives.
type Bindings<'o, 'p> = &'o mut dyn FnMut(&mut Machine<'p>, &[Val]) -> Flow;

impl<'p> Machine<'p> {
    pub(super) fn bind(
        &mut self,
        source: &'p Node,
        patterns: &'p Patterns,
        body: &'p Node,
        env: Env<'p>,
        item: Item,
        out: Out<'_, 'p>,
    ) -> Flow<Next<'p>> {
        if let [Pattern::Variable(_)] = patterns.alternatives.as_slice()
            && source.single
        {
            let value = self.one(source, &env, item.aside())?.value;
            return Ok(Next::Go(body, env.with(Bound::Value(value)), item));
        }
        let inner = env.clone();
        self.eval(source, env, item.aside(), &mut |machine, it| {
            machine.fit(patterns, &inner, it.value, &mut |machine, env| {
                machine.eval(body, env, item.clone(), out)
            })
        })?;
        Ok(Next::Done)
    }

    /// Runs `then` with the bindings of the first pattern with which nothing fails.
    fn fit(
        &mut self,
        patterns: &'p Patterns,
        env: &Env<'p>,
        value: Val,
        then: &mut dyn FnMut(&mut Self, Env<'p>) -> Flow,
    ) -> Flow {
        let last = patterns.alternatives.len().saturating_sub(1);
        for (at, pattern) in patterns.alternatives.iter().enumerate() {
            let mut slots = vec![Val::Null; patterns.variables];
            let tried = self.take_apart(pattern, env, value.clone(), &mut slots, &mut |machine, slots| {
                let env = slots.iter().fold(env.clone(), |env, value| env.with(Bound::Value(value.clone())));
                then(machine, env)
            });
            match tried {
                Err(Stop::Error(_)) if at < last => {}
                other => return other,
            }
        }
        Ok(())
    }

    fn take_apart(
        &mut self,
        pattern: &'p Pattern,
        env: &Env<'p>,
        value: Val,
        slots: &mut Vec<Val>,
        then: Bindings<'_, 'p>,
    ) -> Flow {
        match pattern {
            Pattern::Variable(slot) => {
                put(slots, *slot, value);
                then(self, slots)
            }
            Pattern::Array(items) => {
                if !matches!(value, Val::Arr(_) | Val::Null) {
                    return Err(Stop::from(format!("Cannot index {} with number", value.kind())));
                }
                self.items(items, 0, env, &value, slots, then)
            }
            Pattern::Object(members) => self.members(members, env, &value, slots, then),
        }
    }

    fn items(
        &mut self,
        patterns: &'p [Pattern],
        at: usize,
        env: &Env<'p>,
        value: &Val,
        slots: &mut Vec<Val>,
        then: Bindings<'_, 'p>,
    ) -> Flow {
        let Some((pattern, rest)) = patterns.split_first() else { return then(self, slots) };
        let item = paths::get(value, &Val::count(at))?;
        self.take_apart(pattern, env, item, slots, &mut |machine, slots| {
            machine.items(rest, at + 1, env, value, &mut slots.to_vec(), then)
        })
    }

    fn members(
        &mut self,
        patterns: &'p [Member],
        env: &Env<'p>,
        value: &Val,
        slots: &[Val],
        then: Bindings<'_, 'p>,
    ) -> Flow {
        let Some((member, rest)) = patterns.split_first() else { return then(self, slots) };
        let base = slots.to_vec();
        self.eval(&member.key, env.clone(), Item::plain(value.clone()), &mut |machine, key| {
            if key.value.as_str().is_none() {
                let (kind, shown) = (key.value.kind(), super::write::brief(&key.value));
                return Err(Stop::from(format!("Cannot use {kind} ({shown}) as object key")));
            }
            let part = paths::get(value, &key.value)?;
            let mut slots = base.clone();
            if let Some(slot) = member.variable {
                put(&mut slots, slot, part.clone());
            }
            match &member.pattern {
                None => machine.members(rest, env, value, &slots, then),
                Some(pattern) => machine.take_apart(pattern, env, part, &mut slots, &mut |machine, slots| {
                    machine.members(rest, env, value, slots, then)
                }),
            }
        })
    }

    pub(super) fn reduce(&mut self, fold: &'p Loop, env: &Env<'p>, item: &Item, out: Out<'_, 'p>) -> Flow {
        self.eval(&fold.begin, env.clone(), item.clone(), &mut |machine, begin| {
            let mut state = Some(begin);
            machine.eval(&fold.source, env.clone(), item.aside(), &mut |machine, it| {
                machine.fit(&fold.patterns, env, it.value, &mut |machine, env| {
                    let before = state.take().unwrap_or_else(|| item.made(Val::Null));
                    machine.eval(&fold.update, env, before, &mut |_, it| {
                        state = Some(it);
                        Ok(())
                    })
                })
            })?;
            let end = state.take().unwrap_or_else(|| item.made(Val::Null));
            out(machine, end)
        })
    }

    pub(super) fn foreach(&mut self, fold: &'p Loop, env: &Env<'p>, item: &Item, out: Out<'_, 'p>) -> Flow {
        self.eval(&fold.begin, env.clone(), item.clone(), &mut |machine, begin| {
            let mut state = begin;
            machine.eval(&fold.source, env.clone(), item.aside(), &mut |machine, it| {
                machine.fit(&fold.patterns, env, it.value, &mut |machine, env| {
                    let inner = env.clone();
                    let before = state.clone();
                    machine.eval(&fold.update, env, before, &mut |machine, it| {
                        state = it.clone();
                        match &fold.extract {
                            Some(extract) => machine.eval(extract, inner.clone(), it, out),
                            None => out(machine, it),
                        }
                    })
                })
            })
        })
    }

    /// The paths of a filter's values.
    pub(super) fn paths_of(
        &mut self,
        node: &'p Node,
        env: &Env<'p>,
        value: Val,
        take: &mut dyn FnMut(&mut Self, Track) -> Flow,
    ) -> Flow {
        let item = Item { value, track: Track::begin() };
        self.eval(node, env.clone(), item, &mut |machine, it| match it.track {
            Track::At(_) => take(machine, it.track),
            _ => {
                let shown = cut(compact(&it.value), 29);
                Err(Stop::from(format!("Invalid path expression with result {shown}")))
            }
        })
    }

    fn all_paths(&mut self, node: &'p Node, env: &Env<'p>, value: Val) -> Flow<Vec<Vec<Val>>> {
        let mut found = Vec::new();
        self.paths_of(node, env, value, &mut |machine, track| {
            machine.charge(64)?;
            found.push(track.keys());
            Ok(())
        })?;
        Ok(found)
    }

    /// `=`, `|=`, `+=` and so on.
    pub(super) fn change(&mut self, node: &'p Node, env: Env<'p>, item: Item, out: Out<'_, 'p>) -> Flow {
        match &node.kind {
            Kind::Update(target, update) => {
                let Item { value, track } = item;
                let was = Item { value: Val::Null, track };
                let made = self.update(target, &env, value, update.single, |machine, part| {
                    let mut first = None;
                    machine.labels += 1;
                    let id = machine.labels;
                    let ended = machine.eval(update, env.clone(), Item::plain(part), &mut |_, it| {
                        first = Some(it.value);
                        Err(Stop::Break(id))
                    });
                    match ended {
                        Err(Stop::Break(left)) if left == id => Ok(first),
                        other => other.map(|()| first),
                    }
                })?;
                out(self, was.made(made))
            }
            Kind::Assign(target, value) => self.with_each(value, &env, item, out, |machine, item, new| {
                machine.update(target, &env, item.value, true, |_, _| Ok(Some(new.clone())))
            }),
            Kind::Calculate(operator, target, value) => {
                self.with_each(value, &env, item, out, |machine, item, new| {
                    machine.update(target, &env, item.value, true, |machine, part| {
                        arithmetic::apply(machine, *operator, part, new.clone()).map(Some)
                    })
                })
            }
            Kind::Default(target, value) => self.with_each(value, &env, item, out, |machine, item, new| {
                machine.update(target, &env, item.value, true, |_, part| {
                    Ok(Some(if part.is_true() { part } else { new.clone() }))
                })
            }),
            _ => Ok(()),
        }
    }

    fn with_each(
        &mut self,
        node: &'p Node,
        env: &Env<'p>,
        item: Item,
        out: Out<'_, 'p>,
        change: impl Fn(&mut Self, Item, Val) -> Flow<Val>,
    ) -> Flow {
        if node.single {
            let new = self.one(node, env, item.aside())?.value;
            let was = Item { value: Val::Null, track: item.track.clone() };
            let made = change(self, item, new)?;
            return out(self, was.made(made));
        }
        self.eval(node, env.clone(), item.aside(), &mut |machine, it| {
            let made = change(machine, item.clone(), it.value)?;
            out(machine, item.made(made))
        })
    }

    /// Changes the parts of a value that a filter points at; those for which there is nothing new go away. Where there
    /// is `always` something new, a part that nobody else has changes in place.
    fn update(
        &mut self,
        target: &'p Node,
        env: &Env<'p>,
        value: Val,
        always: bool,
        mut new: impl FnMut(&mut Self, Val) -> Flow<Option<Val>>,
    ) -> Flow<Val> {
        let mut value = value;
        let mut gone = Vec::new();
        for path in self.all_paths(target, env, value.clone())? {
            self.step()?;
            self.charge(path.len() as u64 * 32)?;
            if always {
                value = paths::change(value, &path, &mut |part| Ok(new(self, part)?.unwrap_or(Val::Null)))?;
                continue;
            }
            let part = paths::get_at(&value, &path)?;
            match new(self, part)? {
                Some(new) => value = paths::change(value, &path, &mut |_| Ok(new.clone()))?,
                None => gone.push(Val::list(path)),
            }
        }
        if !gone.is_empty() {
            value = paths::delete_all(value, gone)?;
        }
        self.made(value)
    }
}

fn put(slots: &mut [Val], slot: usize, value: Val) {
    if let Some(place) = slots.get_mut(slot) {
        *place = value;
    }
}
