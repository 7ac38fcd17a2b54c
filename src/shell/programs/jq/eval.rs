//! Runs programs: each filter hands its values on one by one, and what follows runs before the next is made.

use super::builtins::{self, Native};
use super::machine::{Bound, Env, Flow, Item, Machine, Out, Stop, Track};
use super::paths;
use super::tree::{Function, Kind, Node};
use super::value::Val;
use super::write::{compact, cut};

/// Bytes of a value that messages about paths show.
const PATH_BYTES: usize = 29;

fn shown(value: &Val) -> String {
    cut(compact(value), PATH_BYTES)
}

/// What comes next instead of a return: the last filter of a filter takes its place, so that recursion at the end of a
/// function needs no stack.
pub(super) enum Next<'p> {
    Done,
    Go(&'p Node, Env<'p>, Item),
}

impl<'p> Machine<'p> {
    /// Hands every value of `node` for `item` to `out`.
    pub(super) fn eval(&mut self, node: &'p Node, env: Env<'p>, item: Item, out: Out<'_, 'p>) -> Flow {
        let (mut node, mut env, mut item) = (node, env, item);
        self.look_at_stack()?;
        loop {
            self.step()?;
            match self.advance(node, env, item, out)? {
                Next::Done => return Ok(()),
                Next::Go(next, bindings, value) => (node, env, item) = (next, bindings, value),
            }
        }
    }

    /// The one value of a filter that gives one.
    pub(super) fn one(&mut self, node: &'p Node, env: &Env<'p>, item: Item) -> Flow<Item> {
        match &node.kind {
            Kind::Identity => return Ok(item),
            Kind::Literal(value) => return Ok(item.made(value.clone())),
            Kind::Index(of, key) if of.single => {
                if let Kind::Literal(key) = &key.kind {
                    let of = self.one(of, env, item)?;
                    return self.index(of, key);
                }
            }
            _ => {}
        }
        let mut found = None;
        self.eval(node, env.clone(), item, &mut |_, it| {
            found = Some(it);
            Ok(())
        })?;
        // A filter that is taken to give one value and gives none is a mistake of ours.
        found.ok_or_else(|| Stop::from("uncordon: a filter gave nothing"))
    }

    /// All values of a filter, and what ended them.
    pub(super) fn all(&mut self, node: &'p Node, env: &Env<'p>, item: Item) -> (Vec<Item>, Flow) {
        let mut found = Vec::new();
        let flow = self.eval(node, env.clone(), item, &mut |machine, it| {
            machine.charge(32)?;
            found.push(it);
            Ok(())
        });
        (found, flow)
    }

    fn advance(&mut self, node: &'p Node, env: Env<'p>, item: Item, out: Out<'_, 'p>) -> Flow<Next<'p>> {
        let done = |flow: Flow| flow.map(|()| Next::Done);
        match &node.kind {
            Kind::Identity => done(out(self, item)),
            Kind::Literal(value) => done(out(self, item.made(value.clone()))),
            Kind::Pipe(left, right) if left.single => {
                let item = self.one(left, &env, item)?;
                Ok(Next::Go(right, env, item))
            }
            Kind::Pipe(left, right) => {
                let inner = env.clone();
                done(
                    self.eval(left, env, item, &mut |machine, it| {
                        machine.eval(right, inner.clone(), it, out)
                    }),
                )
            }
            Kind::Comma(left, right) => {
                self.eval(left, env.clone(), item.clone(), out)?;
                Ok(Next::Go(right, env, item))
            }
            Kind::Index(..) | Kind::Slice(..) | Kind::Iterate(_) | Kind::Descend => {
                done(self.look(node, env, item, out))
            }
            Kind::Try(body, handler) => self.attempt(body, handler.as_deref(), env, item, out),
            Kind::Array(_) | Kind::Object(_) | Kind::Text(..) | Kind::Format(_) => {
                done(self.make(node, env, item, out))
            }
            Kind::Negate(_) | Kind::Binary(..) | Kind::And(..) | Kind::Or(..) => {
                done(self.calculate(node, env, item, out))
            }
            Kind::Alternative(left, right) => self.alternative(left, right, env, item, out),
            Kind::Update(..) | Kind::Assign(..) | Kind::Calculate(..) | Kind::Default(..) => {
                done(self.change(node, env, item, out))
            }
            Kind::If(condition, then, otherwise) => {
                self.choose(condition, then, otherwise.as_deref(), env, item, out)
            }
            Kind::Reduce(fold) => done(self.reduce(fold, &env, &item, out)),
            Kind::Foreach(fold) => done(self.foreach(fold, &env, &item, out)),
            Kind::Bind(source, patterns, body) => self.bind(source, patterns, body, env, item, out),
            Kind::Label(body) => done(self.label(body, &env, item, out)),
            Kind::Break(_)
            | Kind::Variable(_)
            | Kind::Global(_)
            | Kind::Argument(_)
            | Kind::Call(..)
            | Kind::Library(..) => self.bound(node, env, item, out),
            Kind::Define(function, rest) => Ok(Next::Go(rest, env.with(Bound::Function(function)), item)),
            Kind::Native(native, arguments) => done(self.native(native, arguments, &env, item, out)),
            Kind::Special(special, arguments) => self.special(*special, arguments, env, item, out),
        }
    }

    /// Runs what a name stands for.
    fn bound(&mut self, node: &'p Node, env: Env<'p>, item: Item, out: Out<'_, 'p>) -> Flow<Next<'p>> {
        let done = |flow: Flow| flow.map(|()| Next::Done);
        match &node.kind {
            Kind::Break(distance) => Err(match env.bound(*distance) {
                Some(Bound::Label(id)) => Stop::Break(*id),
                _ => Stop::from("break"),
            }),
            Kind::Variable(distance) => match env.bound(*distance) {
                Some(Bound::Value(value)) => done(out(self, item.made(value.clone()))),
                _ => Ok(Next::Done),
            },
            Kind::Global(at) => {
                let value = self.globals.get(*at).cloned().unwrap_or(Val::Null);
                done(out(self, item.made(value)))
            }
            Kind::Argument(distance) => match env.bound(*distance) {
                Some(Bound::Filter(node, env)) => Ok(Next::Go(node, env.clone(), item)),
                _ => Ok(Next::Done),
            },
            Kind::Call(distance, arguments) => match env.bound(*distance) {
                Some(Bound::Function(function)) => {
                    let function: &'p Function = function;
                    let inner = env.from(*distance).clone();
                    self.call(function, arguments, inner, env, item, out)
                }
                _ => Ok(Next::Done),
            },
            Kind::Library(place, arguments) => match builtins::library().get(*place) {
                Some(function) => self.call(function, arguments, Env::default(), env, item, out),
                None => Ok(Next::Done),
            },
            _ => Ok(Next::Done),
        }
    }

    /// Calls a function: `inner` are the bindings where it was defined, `env` those of its arguments.
    fn call(
        &mut self,
        function: &'p Function,
        arguments: &'p [Node],
        inner: Env<'p>,
        env: Env<'p>,
        item: Item,
        out: Out<'_, 'p>,
    ) -> Flow<Next<'p>> {
        let mut inner = inner;
        for (at, (parameter, argument)) in function.parameters.iter().zip(arguments).enumerate() {
            if !parameter.is_value {
                // Filters in filters can be nested without end.
                self.charge(64)?;
                inner = inner.with(passed(argument, &env));
            } else if argument.single {
                let value = self.one(argument, &env, item.aside())?.value;
                inner = inner.with(Bound::Value(value));
            } else {
                // Every value is tried with all that come behind it.
                let rest = (&function.parameters[at..], &arguments[at..]);
                self.spread(function, rest, inner, &env, &item, out)?;
                return Ok(Next::Done);
            }
        }
        Ok(Next::Go(&function.body, inner, item))
    }

    fn spread(
        &mut self,
        function: &'p Function,
        rest: (&'p [super::tree::Parameter], &'p [Node]),
        inner: Env<'p>,
        env: &Env<'p>,
        item: &Item,
        out: Out<'_, 'p>,
    ) -> Flow {
        let ([parameter, parameters @ ..], [argument, arguments @ ..]) = rest else {
            return self.eval(&function.body, inner, item.clone(), out);
        };
        if !parameter.is_value {
            let inner = inner.with(passed(argument, env));
            return self.spread(function, (parameters, arguments), inner, env, item, out);
        }
        self.eval(argument, env.clone(), item.aside(), &mut |machine, it| {
            let inner = inner.with(Bound::Value(it.value));
            machine.spread(function, (parameters, arguments), inner, env, item, out)
        })
    }

    fn native(
        &mut self,
        native: &'static Native,
        arguments: &'p [Node],
        env: &Env<'p>,
        item: Item,
        out: Out<'_, 'p>,
    ) -> Flow {
        let mut values = Vec::with_capacity(arguments.len());
        if arguments.iter().all(|it| it.single) {
            for argument in arguments {
                values.push(self.one(argument, env, item.aside())?.value);
            }
            if let Track::Off = item.track {
                let made = (native.run)(self, item.value, values)?;
                return out(self, Item::plain(made));
            }
            let made = (native.run)(self, item.value.clone(), values)?;
            return out(self, item.made(made));
        }
        self.combine(native, arguments, env, &item, values, out)
    }

    /// Calls a function of ours with every combination of its arguments; the last varies slowest.
    fn combine(
        &mut self,
        native: &'static Native,
        arguments: &'p [Node],
        env: &Env<'p>,
        item: &Item,
        behind: Vec<Val>,
        out: Out<'_, 'p>,
    ) -> Flow {
        let Some((argument, before)) = arguments.split_last() else {
            let mut values = behind;
            values.reverse();
            let made = (native.run)(self, item.value.clone(), values)?;
            return out(self, item.made(made));
        };
        self.eval(argument, env.clone(), item.aside(), &mut |machine, it| {
            let mut behind = behind.clone();
            behind.push(it.value);
            machine.combine(native, before, env, item, behind, out)
        })
    }

    fn attempt(
        &mut self,
        body: &'p Node,
        handler: Option<&'p Node>,
        env: Env<'p>,
        item: Item,
        out: Out<'_, 'p>,
    ) -> Flow<Next<'p>> {
        let tried = self.eval(body, env.clone(), item.clone(), &mut |machine, it| {
            out(machine, it).map_err(|stop| Stop::Passing(Box::new(stop)))
        });
        match (tried, handler) {
            (Ok(()), _) | (Err(Stop::Error(_)), None) => Ok(Next::Done),
            (Err(Stop::Passing(stop)), _) => Err(*stop),
            (Err(Stop::Error(error)), Some(handler)) => Ok(Next::Go(handler, env, item.made(error))),
            (Err(other), _) => Err(other),
        }
    }

    fn alternative(
        &mut self,
        left: &'p Node,
        right: &'p Node,
        env: Env<'p>,
        item: Item,
        out: Out<'_, 'p>,
    ) -> Flow<Next<'p>> {
        let mut any = false;
        let tried = self.eval(left, env.clone(), item.clone(), &mut |machine, it| {
            if !it.value.is_true() {
                return Ok(());
            }
            any = true;
            out(machine, it).map_err(|stop| Stop::Passing(Box::new(stop)))
        });
        match tried {
            Err(Stop::Passing(stop)) => Err(*stop),
            Ok(()) | Err(Stop::Error(_)) if any => Ok(Next::Done),
            Ok(()) | Err(Stop::Error(_)) => Ok(Next::Go(right, env, item)),
            Err(other) => Err(other),
        }
    }

    fn choose(
        &mut self,
        condition: &'p Node,
        then: &'p Node,
        otherwise: Option<&'p Node>,
        env: Env<'p>,
        item: Item,
        out: Out<'_, 'p>,
    ) -> Flow<Next<'p>> {
        if condition.single {
            let chosen =
                if self.one(condition, &env, item.aside())?.value.is_true() { Some(then) } else { otherwise };
            return match chosen {
                Some(chosen) => Ok(Next::Go(chosen, env, item)),
                None => out(self, item).map(|()| Next::Done),
            };
        }
        let inner = env.clone();
        self.eval(condition, env, item.aside(), &mut |machine, it| match if it.value.is_true() {
            Some(then)
        } else {
            otherwise
        } {
            Some(chosen) => machine.eval(chosen, inner.clone(), item.clone(), out),
            None => out(machine, item.clone()),
        })?;
        Ok(Next::Done)
    }

    fn label(&mut self, body: &'p Node, env: &Env<'p>, item: Item, out: Out<'_, 'p>) -> Flow {
        self.labels += 1;
        let id = self.labels;
        match self.eval(body, env.with(Bound::Label(id)), item, out) {
            Err(Stop::Break(left)) if left == id => Ok(()),
            other => other,
        }
    }

    /// A part of a value.
    pub(super) fn index(&mut self, of: Item, key: &Val) -> Flow<Item> {
        if let Track::Lost = of.track {
            return Err(Stop::from(format!(
                "Invalid path expression near attempt to access element {} of {}",
                shown(key),
                shown(&of.value)
            )));
        }
        let value = paths::get(&of.value, key)?;
        Ok(Item { value, track: of.track.then(key) })
    }

    /// Hands on every part of a value.
    pub(super) fn iterate(&mut self, of: &Item, out: Out<'_, 'p>) -> Flow {
        if let Track::Lost = of.track {
            let value = shown(&of.value);
            return Err(Stop::from(format!(
                "Invalid path expression near attempt to iterate through {value}"
            )));
        }
        match &of.value {
            Val::Arr(list) => {
                for (at, value) in list.items().iter().enumerate() {
                    let track =
                        if let Track::Off = of.track { Track::Off } else { of.track.then(&Val::count(at)) };
                    out(self, Item { value: value.clone(), track })?;
                }
                Ok(())
            }
            Val::Obj(object) => {
                for (name, value) in object.members() {
                    let track = match of.track {
                        Track::Off => Track::Off,
                        _ => of.track.then(&Val::Str(name.clone())),
                    };
                    out(self, Item { value: value.clone(), track })?;
                }
                Ok(())
            }
            Val::Null if self.null_has_no_parts => Ok(()),
            other => {
                let shown = super::write::brief(other);
                Err(Stop::from(format!("Cannot iterate over {} ({shown})", other.kind())))
            }
        }
    }

    fn look(&mut self, node: &'p Node, env: Env<'p>, item: Item, out: Out<'_, 'p>) -> Flow {
        match &node.kind {
            Kind::Index(of, key) if key.single && of.single => {
                let key = self.one(key, &env, item.aside())?.value;
                let of = self.one(of, &env, item)?;
                let found = self.index(of, &key)?;
                out(self, found)
            }
            Kind::Index(of, key) => {
                let inner = env.clone();
                self.eval(key, env, item.aside(), &mut |machine, key| {
                    machine.eval(of, inner.clone(), item.clone(), &mut |machine, of| {
                        let found = machine.index(of, &key.value)?;
                        out(machine, found)
                    })
                })
            }
            Kind::Slice(of, from, to) => {
                let null = Item::plain(Val::Null);
                self.bounds(
                    from.as_deref(),
                    to.as_deref(),
                    &env,
                    &item,
                    &mut |machine, range| {
                        machine.eval(of, env.clone(), item.clone(), &mut |machine, of| {
                            let found = machine.index(of, &range.value)?;
                            out(machine, found)
                        })
                    },
                    null,
                )
            }
            Kind::Iterate(of) if of.single => {
                let of = self.one(of, &env, item)?;
                self.iterate(&of, out)
            }
            Kind::Iterate(of) => self.eval(of, env, item, &mut |machine, of| machine.iterate(&of, out)),
            _ => self.descend(item, out),
        }
    }

    /// Every combination of the ends of a slice, as the key that slices have.
    fn bounds(
        &mut self,
        from: Option<&'p Node>,
        to: Option<&'p Node>,
        env: &Env<'p>,
        item: &Item,
        out: Out<'_, 'p>,
        null: Item,
    ) -> Flow {
        let mut with_end = |machine: &mut Self, end: Val| {
            let mut with_start = |machine: &mut Self, start: Item| {
                let range = Val::record([("start", start.value), ("end", end.clone())]);
                out(machine, Item::plain(range))
            };
            match from {
                Some(from) => machine.eval(from, env.clone(), item.aside(), &mut with_start),
                None => with_start(machine, null.clone()),
            }
        };
        match to {
            Some(to) => {
                self.eval(to, env.clone(), item.aside(), &mut |machine, it| with_end(machine, it.value))
            }
            None => with_end(self, Val::Null),
        }
    }

    /// `..`: a value, its parts, their parts …
    fn descend(&mut self, item: Item, out: Out<'_, 'p>) -> Flow {
        self.step()?;
        self.look_at_stack()?;
        out(self, item.clone())?;
        match item.value {
            Val::Arr(_) | Val::Obj(_) => self.iterate(&item, &mut |machine, part| machine.descend(part, out)),
            _ => Ok(()),
        }
    }
}

/// An argument that a function is called with; one that only hands on another is that other.
fn passed<'p>(argument: &'p Node, env: &Env<'p>) -> Bound<'p> {
    if let Kind::Argument(distance) = argument.kind
        && let Some(bound @ Bound::Filter(..)) = env.bound(distance)
    {
        return bound.clone();
    }
    Bound::Filter(argument, env.clone())
}
