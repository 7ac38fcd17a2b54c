//! Functions that hand on several values one by one, or mind the paths of what they are given.

use super::builtins::Special;
use super::eval::Next;
use super::machine::{Env, Flow, Item, Machine, Out, Stop};
use super::paths;
use super::tree::Node;
use super::value::Val;

impl<'p> Machine<'p> {
    pub(super) fn special(
        &mut self,
        special: Special,
        arguments: &'p [Node],
        env: Env<'p>,
        item: Item,
        out: Out<'_, 'p>,
    ) -> Flow<Next<'p>> {
        match (special, arguments) {
            (Special::Empty, _) => {}
            (Special::Path, [of]) => self.paths_of(of, &env, item.value.clone(), &mut |machine, track| {
                out(machine, item.made(Val::list(track.keys())))
            })?,
            (Special::Range, [from, to, by @ ..]) => self.range((from, to, by.first()), &env, &item, out)?,
            (Special::Recurse, [f]) => self.recurse(f, None, &env, item, out)?,
            (Special::Repeat, [f]) => loop {
                self.step()?;
                self.eval(f, env.clone(), item.clone(), out)?;
            },
            (Special::While, [holds, f]) => self.recurse(f, Some(holds), &env, item, out)?,
            (Special::Until, [holds, f]) => self.until(holds, f, &env, item, out)?,
            (Special::Limit, [count, f]) => {
                let inner = env.clone();
                self.eval(count, env, item.aside(), &mut |machine, count| {
                    machine.limit(&count.value, f, &inner, item.clone(), out)
                })?;
            }
            (Special::First, [f]) => self.limit(&Val::count(1), f, &env, item, out)?,
            (Special::IsEmpty, [f]) => {
                let mut empty = true;
                let count = Val::count(1);
                self.limit(&count, f, &env, item.aside(), &mut |_, _| {
                    empty = false;
                    Ok(())
                })?;
                out(self, item.made(Val::Bool(empty)))?;
            }
            (Special::GetPath, [path]) => {
                self.eval(path, env, item.aside(), &mut |machine, path| {
                    let found = machine.get_path(&item, &path.value)?;
                    out(machine, found)
                })?;
            }
            (Special::Input, _) => {
                let next = self.world.next().unwrap_or_else(|| Err("break".to_owned()));
                out(self, item.made(next?))?;
            }
            (Special::Inputs, _) => {
                while let Some(next) = self.world.next() {
                    self.step()?;
                    out(self, item.made(next?))?;
                }
            }
            _ => {}
        }
        Ok(Next::Done)
    }

    fn get_path(&mut self, item: &Item, path: &Val) -> Flow<Item> {
        let keys = path.as_items().ok_or_else(|| Stop::from("Path must be specified as an array"))?;
        let value = paths::get_at(&item.value, keys)?;
        let track = keys.iter().fold(item.track.clone(), |track, key| track.then(key));
        Ok(Item { value, track })
    }

    fn range(
        &mut self,
        (from, to, by): (&'p Node, &'p Node, Option<&'p Node>),
        env: &Env<'p>,
        item: &Item,
        out: Out<'_, 'p>,
    ) -> Flow {
        self.eval(from, env.clone(), item.aside(), &mut |machine, from| {
            machine.eval(to, env.clone(), item.aside(), &mut |machine, to| match by {
                None => machine.count(&from.value, &to.value, &Val::count(1), item, out),
                Some(by) => machine.eval(by, env.clone(), item.aside(), &mut |machine, by| {
                    machine.count(&from.value, &to.value, &by.value, item, out)
                }),
            })
        })
    }

    fn count(&mut self, from: &Val, to: &Val, by: &Val, item: &Item, out: Out<'_, 'p>) -> Flow {
        let numbers = (from.as_f64(), to.as_f64(), by.as_f64());
        let (Some(from), Some(to), Some(by)) = numbers else {
            return Err(Stop::from("Range bounds must be numeric"));
        };
        let mut at = from;
        while by > 0.0 && at < to || by < 0.0 && at > to {
            self.step()?;
            out(self, item.made(Val::from(at)))?;
            at += by;
        }
        Ok(())
    }

    /// A value, what `f` makes of it, what `f` makes of that …, while `holds` does.
    fn recurse(
        &mut self,
        f: &'p Node,
        holds: Option<&'p Node>,
        env: &Env<'p>,
        item: Item,
        out: Out<'_, 'p>,
    ) -> Flow {
        self.look_at_stack()?;
        let mut item = item;
        loop {
            self.step()?;
            if let Some(holds) = holds {
                let (held, ended) = self.all(holds, env, item.aside());
                ended?;
                if !held.iter().any(|it| it.value.is_true()) {
                    return Ok(());
                }
            }
            out(self, item.clone())?;
            let (mut made, ended) = self.all(f, env, item);
            // The last needs no stack, unless something failed behind it.
            let last = if ended.is_ok() { made.pop() } else { None };
            for next in made {
                self.recurse(f, holds, env, next, out)?;
            }
            ended?;
            match last {
                Some(last) => item = last,
                None => return Ok(()),
            }
        }
    }

    fn until(&mut self, holds: &'p Node, f: &'p Node, env: &Env<'p>, item: Item, out: Out<'_, 'p>) -> Flow {
        self.look_at_stack()?;
        let mut item = item;
        loop {
            self.step()?;
            let (held, ended) = self.all(holds, env, item.aside());
            ended?;
            let mut next = None;
            for (at, holds_now) in held.iter().enumerate() {
                if holds_now.value.is_true() {
                    out(self, item.clone())?;
                    continue;
                }
                let (mut made, ended) = self.all(f, env, item.clone());
                if at + 1 == held.len() && ended.is_ok() {
                    next = made.pop();
                }
                for each in made {
                    self.until(holds, f, env, each, out)?;
                }
                ended?;
            }
            match next {
                Some(value) => item = value,
                None => return Ok(()),
            }
        }
    }

    fn limit(&mut self, count: &Val, f: &'p Node, env: &Env<'p>, item: Item, out: Out<'_, 'p>) -> Flow {
        let count = count.as_f64().unwrap_or_default();
        if count < 0.0 {
            return self.eval(f, env.clone(), item, out);
        }
        if count == 0.0 {
            return Ok(());
        }
        self.labels += 1;
        let id = self.labels;
        let mut given = 0.0;
        let ended = self.eval(f, env.clone(), item, &mut |machine, it| {
            given += 1.0;
            out(machine, it)?;
            if given >= count { Err(Stop::Break(id)) } else { Ok(()) }
        });
        match ended {
            Err(Stop::Break(left)) if left == id => Ok(()),
            other => other,
        }
    }
}
