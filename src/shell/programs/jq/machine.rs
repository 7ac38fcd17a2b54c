//! What programs run in: values on their way with the paths they came by, bindings, and bounds for what never ends.

use std::rc::Rc;

use super::tree::{Function, Node};
use super::value::{List, Val};

/// Steps of one run. A filter that is begun counts one, as does each value that a loop gives.
const STEPS_MAX: u64 = 100_000_000;

/// Bytes of the values that one run makes, those it throws away included.
const BYTES_MAX: u64 = 256 << 20;

/// Bytes of stack that filters inside filters may take. Threads that run shells have four times as much.
const STACK_MAX: usize = 64 << 20;

/// Levels of arrays and objects of a value.
const DEPTH_MAX: u32 = 10_000;

/// Why a filter stops.
#[derive(Clone, Debug)]
pub(super) enum Stop {
    Error(Val),
    Break(u64),
    /// An error of what gets the values, on its way through `try`.
    Passing(Box<Stop>),
    Halt(i32),
    /// It would never end.
    Endless(&'static str),
}

impl From<String> for Stop {
    fn from(text: String) -> Self {
        Self::Error(Val::text(text))
    }
}

impl From<&str> for Stop {
    fn from(text: &str) -> Self {
        Self::Error(Val::text(text))
    }
}

pub(super) type Flow<T = ()> = Result<T, Stop>;

/// Where a value lies in what `path` was asked about.
#[derive(Clone, Debug, Default)]
pub(super) enum Track {
    /// Nobody asked.
    #[default]
    Off,
    /// It is not a part of it.
    Lost,
    At(Option<Rc<Step>>),
}

/// The last step of a path, and those before it.
#[derive(Debug)]
pub(super) struct Step {
    before: Option<Rc<Step>>,
    key: Val,
}

impl Track {
    pub(super) fn begin() -> Self {
        Self::At(None)
    }

    pub(super) fn then(&self, key: &Val) -> Self {
        match self {
            Self::At(before) => Self::At(Some(Rc::new(Step { before: before.clone(), key: key.clone() }))),
            other => other.clone(),
        }
    }

    /// The whole path.
    pub(super) fn keys(&self) -> Vec<Val> {
        let mut keys = Vec::new();
        let mut at = match self {
            Self::At(step) => step.as_ref(),
            _ => None,
        };
        while let Some(step) = at {
            keys.push(step.key.clone());
            at = step.before.as_ref();
        }
        keys.reverse();
        keys
    }
}

/// A value on its way.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) value: Val,
    pub(super) track: Track,
}

impl Item {
    pub(super) fn plain(value: Val) -> Self {
        Self { value, track: Track::Off }
    }

    /// The same value, of which nobody asks where it lies.
    pub(super) fn aside(&self) -> Self {
        Self::plain(self.value.clone())
    }

    /// A value that was made here and is no part of this one.
    pub(super) fn made(&self, value: Val) -> Self {
        let same = match (&self.value, &value) {
            (Val::Null, Val::Null) => true,
            (Val::Bool(a), Val::Bool(b)) => a == b,
            _ => false,
        };
        let track = match &self.track {
            Track::Off => Track::Off,
            track if same => track.clone(),
            _ => Track::Lost,
        };
        Self { value, track }
    }
}

/// Takes the values of a filter one after the other.
pub(super) type Out<'o, 'p> = &'o mut dyn FnMut(&mut Machine<'p>, Item) -> Flow;

/// Bindings, the newest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Env<'p>(Option<Rc<Frame<'p>>>);

#[derive(Debug)]
struct Frame<'p> {
    bound: Bound<'p>,
    outer: Env<'p>,
}

#[derive(Clone, Debug)]
pub(super) enum Bound<'p> {
    Value(Val),
    Filter(&'p Node, Env<'p>),
    Function(&'p Function),
    Label(u64),
}

impl<'p> Frame<'p> {
    /// Takes the bindings that nobody else has out of this one.
    fn leave(&mut self, rest: &mut Vec<Frame<'p>>) {
        let filter = match &mut self.bound {
            Bound::Filter(_, env) => env.0.take(),
            _ => None,
        };
        let inner = [self.outer.0.take(), filter].into_iter().flatten();
        rest.extend(inner.filter_map(|frame| Rc::try_unwrap(frame).ok()));
    }
}

impl Drop for Frame<'_> {
    /// Long chains are taken apart one by one: the stack would not hold them.
    fn drop(&mut self) {
        let mut rest = Vec::new();
        self.leave(&mut rest);
        while let Some(mut frame) = rest.pop() {
            frame.leave(&mut rest);
        }
    }
}

impl<'p> Env<'p> {
    pub(super) fn with(&self, bound: Bound<'p>) -> Self {
        Self(Some(Rc::new(Frame { bound, outer: self.clone() })))
    }

    /// The bindings from the one that lies so far away on.
    pub(super) fn from(&self, distance: usize) -> &Self {
        let mut env = self;
        for _ in 0..distance {
            match &env.0 {
                Some(frame) => env = &frame.outer,
                None => break,
            }
        }
        env
    }

    pub(super) fn bound(&self, distance: usize) -> Option<&Bound<'p>> {
        self.from(distance).0.as_ref().map(|frame| &frame.bound)
    }
}

/// What a run reads, and where what it says on the way goes.
pub(super) trait World {
    fn next(&mut self) -> Option<Result<Val, String>>;
    fn file(&self) -> Option<String>;
    fn line(&self) -> usize;
    /// Whether anything was read.
    fn has_begun(&self) -> bool;
    fn say(&mut self, text: &str);
    /// Seconds since the epoch.
    fn now(&self) -> f64;
}

pub(super) struct Machine<'p> {
    pub(super) globals: Vec<Val>,
    pub(super) environment: Val,
    pub(super) world: &'p mut dyn World,
    pub(super) labels: u64,
    /// Null has no parts, as in `yq`; in `jq` asking for them is a mistake.
    pub(super) null_has_no_parts: bool,
    steps: u64,
    bytes: u64,
    stack: usize,
}

/// Where the stack is now.
fn stack() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(&here).addr()
}

impl<'p> Machine<'p> {
    pub(super) fn new(globals: Vec<Val>, environment: Val, world: &'p mut dyn World) -> Self {
        Self {
            globals,
            environment,
            world,
            labels: 0,
            null_has_no_parts: false,
            steps: 0,
            bytes: 0,
            stack: stack(),
        }
    }

    /// Counts a step.
    pub(super) fn step(&mut self) -> Flow {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return Err(Stop::Endless("it takes too many steps"));
        }
        if self.steps.is_multiple_of(64) {
            self.look_at_stack()?;
        }
        Ok(())
    }

    pub(super) fn look_at_stack(&self) -> Flow {
        if self.stack.abs_diff(stack()) > STACK_MAX {
            return Err(Stop::Endless("its filters call each other too deeply"));
        }
        Ok(())
    }

    /// Counts bytes of values that are made.
    pub(super) fn charge(&mut self, bytes: u64) -> Flow {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > BYTES_MAX {
            return Err(Stop::Endless("its values take too much memory"));
        }
        Ok(())
    }

    /// Counts a value that was made.
    pub(super) fn made(&mut self, value: Val) -> Flow<Val> {
        if value.depth() > DEPTH_MAX {
            return Err(Stop::Endless("its values are nested too deeply"));
        }
        self.charge(32)?;
        Ok(value)
    }

    /// Adds a value to an array in the making.
    pub(super) fn collect(&mut self, list: &mut List, value: Val) -> Flow {
        self.charge(32)?;
        list.push(value);
        Ok(())
    }
}
