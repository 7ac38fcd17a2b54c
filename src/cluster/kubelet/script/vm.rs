//! A running command: a stack of what is left to do, which can stop at any wait and go on later.

mod output;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ast::{For, If, Node, Redirect, RedirectKind, Simple, While};
use super::programs::{self, Effect, Output};
use super::{expand, parse};
use crate::cluster::kubelet::catalog::Image;
use crate::cluster::kubelet::services::Service;
use crate::cluster::place::FileOp;
use crate::cluster::{Place, World};
use crate::hosts::files;
use crate::sim::SimTime;

/// Steps without a wait after which a loop has to let time pass.
const STEPS_MAX: u32 = 4_000;

/// Bytes that a command substitution or a pipe may carry.
const CAPTURE_MAX: usize = 1 << 20;

/// What a command runs in.
pub(crate) struct Machine<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) place: &'a Place,
    pub(crate) image: Option<&'static Image>,
}

/// The two streams of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// Why a command stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Yield {
    /// It goes on at this time.
    Until(SimTime),
    /// It goes on when it is ended from outside.
    Forever,
    Exited(i32),
}

/// What a command waits for.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::cluster::kubelet) enum Wait {
    Until(SimTime),
    Forever,
    /// `tail -f`: shows what is added to a file.
    Growth {
        path: String,
        seen: usize,
        next: SimTime,
    },
    Children,
}

/// Where a stream goes.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sink {
    Stream(Stream),
    /// Collected for a substitution or a pipe.
    Capture,
    File(String),
    Null,
}

#[derive(Clone, Debug)]
pub(super) struct Sinks {
    out: Sink,
    err: Sink,
}

/// What is left to do, innermost last.
#[derive(Clone, Debug)]
pub(super) enum Frame {
    Eval(Node),
    AndThen(Arc<(Node, Node)>),
    OrElse(Arc<(Node, Node)>),
    List(Arc<[Node]>, usize),
    IfArm(Arc<If>, usize),
    WhileCondition(Arc<While>),
    WhileBody(Arc<While>),
    For(Arc<For>, Vec<String>, usize),
    /// Ends a redirection.
    Sinks,
    /// Ends a function or a script: the parameters from before.
    Call(Vec<String>),
    /// Ends a `sh -c` or a script file: `exit` ends only that.
    Process,
}

/// A running command.
#[derive(Clone, Debug)]
pub(crate) struct Vm {
    pub(super) stack: Vec<Frame>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) functions: BTreeMap<String, Arc<Node>>,
    /// `$0`, `$1` …
    pub(super) arguments: Vec<String>,
    pub(super) status: i32,
    pub(super) directory: String,
    pub(super) wait: Option<Wait>,
    pub(super) services: Vec<Service>,
    pub(super) children: Vec<Vm>,
    pub(super) sinks: Vec<Sinks>,
    pub(super) output: Vec<(Stream, Vec<u8>)>,
    pub(super) captured: Vec<u8>,
    pub(super) input: Option<Vec<u8>>,
    pub(super) on_term: Option<String>,
    pub(super) stop_on_error: bool,
    pub(super) exited: Option<i32>,
    /// When it last ran through without a wait.
    spun: Option<SimTime>,
}

impl Vm {
    /// A process with its arguments and environment.
    pub(crate) fn new(argv: Vec<String>, variables: BTreeMap<String, String>, directory: &str) -> Self {
        let words = argv.into_iter().map(|text| vec![super::ast::Part::Text { text, quoted: true }]);
        let simple = Simple { words: words.collect(), ..Simple::default() };
        Self {
            stack: vec![Frame::Eval(Node::Simple(Arc::new(simple)))],
            variables,
            functions: BTreeMap::new(),
            arguments: vec!["sh".to_owned()],
            status: 0,
            directory: if directory.is_empty() { "/".to_owned() } else { directory.to_owned() },
            wait: None,
            services: Vec::new(),
            children: Vec::new(),
            sinks: vec![Sinks { out: Sink::Stream(Stream::Out), err: Sink::Stream(Stream::Err) }],
            output: Vec::new(),
            captured: Vec::new(),
            input: Some(Vec::new()),
            on_term: None,
            stop_on_error: false,
            exited: None,
            spun: None,
        }
    }

    /// How many of its processes run without ever waiting.
    pub(crate) fn spinning(&self, now: SimTime) -> u64 {
        let own = self.exited.is_none() && self.spun.is_some_and(|at| now.since(at).as_secs() <= 1);
        u64::from(own) + self.children.iter().map(|it| it.spinning(now)).sum::<u64>()
    }

    /// Goes on until it waits or ends.
    pub(crate) fn run(&mut self, machine: &mut Machine<'_>) -> Yield {
        let mut left = STEPS_MAX;
        let child_next = self.run_children(machine);
        while self.exited.is_none() {
            if let Some(stopped) = self.check_wait(machine) {
                return soonest(stopped, child_next);
            }
            let Some(frame) = self.stack.pop() else {
                self.exited = Some(self.status);
                break;
            };
            self.step(frame, machine);
            left -= 1;
            if left == 0 {
                self.spun = Some(machine.world.now);
                // A loop that never waits would stop the clock for everybody else.
                return Yield::Until(machine.world.now + std::time::Duration::from_secs(1));
            }
        }
        Yield::Exited(self.exited.unwrap_or(self.status))
    }

    fn run_children(&mut self, machine: &mut Machine<'_>) -> i64 {
        let mut next = i64::MAX;
        let mut children = std::mem::take(&mut self.children);
        for child in &mut children {
            if let Yield::Until(at) = child.run(machine) {
                next = next.min(at.unix_ns());
            }
            self.output.append(&mut child.output);
        }
        children.retain(|child| child.exited.is_none());
        self.children.append(&mut children);
        next
    }

    /// `None` when it may go on.
    fn check_wait(&mut self, machine: &mut Machine<'_>) -> Option<Yield> {
        let now = machine.world.now;
        match self.wait.clone()? {
            Wait::Until(at) if at > now => Some(Yield::Until(at)),
            Wait::Children if !self.children.is_empty() || !self.services.is_empty() => Some(Yield::Forever),
            Wait::Until(_) | Wait::Children => {
                self.wait = None;
                None
            }
            Wait::Forever => Some(Yield::Forever),
            Wait::Growth { path, seen, next } => {
                if next > now {
                    return Some(Yield::Until(next));
                }
                let bytes = machine.world.read_file(machine.place, &path).unwrap_or_else(|_| [].into());
                if let Some(fresh) = bytes.get(seen..) {
                    self.emit(Stream::Out, fresh, machine);
                }
                let next = now + std::time::Duration::from_secs(1);
                self.wait = Some(Wait::Growth { path, seen: bytes.len(), next });
                Some(Yield::Until(next))
            }
        }
    }

    fn step(&mut self, frame: Frame, machine: &mut Machine<'_>) {
        match frame {
            Frame::Eval(node) => self.eval(node, machine),
            Frame::AndThen(both) if self.status == 0 => self.push(both.1.clone()),
            Frame::OrElse(both) if self.status != 0 => self.push(both.1.clone()),
            Frame::AndThen(_) | Frame::OrElse(_) => {}
            Frame::List(nodes, at) => {
                if self.stop_on_error && self.status != 0 && at > 0 {
                    self.exit(self.status);
                } else if let Some(node) = nodes.get(at).cloned() {
                    self.stack.push(Frame::List(nodes, at + 1));
                    self.push(node);
                }
            }
            Frame::IfArm(branch, at) => self.step_if(branch, at),
            Frame::WhileCondition(turn) => {
                if (self.status == 0) != turn.until {
                    let body = turn.body.clone();
                    self.stack.push(Frame::WhileBody(turn));
                    self.push(body);
                } else {
                    self.status = 0;
                }
            }
            Frame::WhileBody(turn) => {
                let condition = turn.condition.clone();
                self.stack.push(Frame::WhileCondition(turn));
                self.push(condition);
            }
            Frame::For(turn, items, at) => {
                if let Some(item) = items.get(at).cloned() {
                    self.variables.insert(turn.variable.clone(), item);
                    let body = turn.body.clone();
                    self.stack.push(Frame::For(turn, items, at + 1));
                    self.push(body);
                }
            }
            Frame::Sinks => drop(self.sinks.pop()),
            Frame::Call(arguments) => self.arguments = arguments,
            Frame::Process => {}
        }
    }

    fn step_if(&mut self, branch: Arc<If>, at: usize) {
        if self.status == 0 {
            if let Some((_, body)) = branch.arms.get(at) {
                self.push(body.clone());
            }
            return;
        }
        match branch.arms.get(at + 1) {
            Some((condition, _)) => {
                let condition = condition.clone();
                self.stack.push(Frame::IfArm(branch, at + 1));
                self.push(condition);
            }
            None => {
                self.status = 0;
                if let Some(otherwise) = &branch.otherwise {
                    self.push(otherwise.clone());
                }
            }
        }
    }

    pub(super) fn push(&mut self, node: Node) {
        self.stack.push(Frame::Eval(node));
    }

    fn eval(&mut self, node: Node, machine: &mut Machine<'_>) {
        match node {
            Node::Simple(simple) => self.simple(&simple, machine),
            Node::Pipeline { stages, negated } => self.pipeline(&stages, negated, machine),
            Node::And(both) => {
                let first = both.0.clone();
                self.stack.push(Frame::AndThen(both));
                self.push(first);
            }
            Node::Or(both) => {
                let first = both.0.clone();
                self.stack.push(Frame::OrElse(both));
                self.push(first);
            }
            Node::List(nodes) => self.stack.push(Frame::List(nodes, 0)),
            Node::If(branch) => {
                if let Some((condition, _)) = branch.arms.first() {
                    let condition = condition.clone();
                    self.stack.push(Frame::IfArm(branch, 0));
                    self.push(condition);
                }
            }
            Node::While(turn) => {
                let condition = turn.condition.clone();
                self.stack.push(Frame::WhileCondition(turn));
                self.push(condition);
            }
            Node::For(turn) => {
                let items = match &turn.words {
                    Some(words) => words.iter().flat_map(|it| expand::words(self, it, machine)).collect(),
                    None => self.arguments.iter().skip(1).cloned().collect(),
                };
                self.stack.push(Frame::For(turn, items, 0));
            }
            Node::Case(case) => {
                let word = expand::text(self, &case.word, machine);
                let found = case.arms.iter().find(|(patterns, _)| {
                    patterns.iter().any(|it| expand::glob_matches(&expand::text(self, it, machine), &word))
                });
                self.status = 0;
                if let Some((_, body)) = found {
                    self.push(body.clone());
                }
            }
            Node::Function(name, body) => drop(self.functions.insert(name.to_string(), body)),
            Node::Redirected(both) => {
                if self.redirect(&both.1, machine) {
                    self.stack.push(Frame::Sinks);
                    self.push(both.0.clone());
                }
            }
            Node::Background(node) => self.background(&node, machine),
        }
    }

    fn background(&mut self, node: &Arc<Node>, machine: &mut Machine<'_>) {
        let mut child = self.subshell((**node).clone());
        child.sinks.clone_from(&self.sinks);
        if child.run(machine) == Yield::Forever {
            self.services.append(&mut child.services);
        }
        self.output.append(&mut child.output);
        if child.exited.is_none() {
            self.children.push(child);
        }
        self.status = 0;
    }

    /// A copy that runs `node` on its own.
    fn subshell(&self, node: Node) -> Self {
        Self {
            stack: vec![Frame::Eval(node)],
            children: Vec::new(),
            services: Vec::new(),
            output: Vec::new(),
            captured: Vec::new(),
            wait: None,
            exited: None,
            input: self.input.clone(),
            functions: self.functions.clone(),
            variables: self.variables.clone(),
            arguments: self.arguments.clone(),
            directory: self.directory.clone(),
            sinks: self.sinks.clone(),
            on_term: None,
            ..*self
        }
    }

    /// Runs `node` to its end at once and returns what it wrote; `None` when it would never end.
    /// Waits inside take no time.
    pub(super) fn capture(
        &mut self,
        node: Node,
        input: Option<Vec<u8>>,
        machine: &mut Machine<'_>,
    ) -> Option<Vec<u8>> {
        let mut sub = self.subshell(node);
        let err = self.sinks.last().map_or(Sink::Null, |it| it.err.clone());
        sub.sinks = vec![Sinks { out: Sink::Capture, err }];
        if input.is_some() {
            sub.input = input;
        }
        for _ in 0..100 {
            match sub.run(machine) {
                Yield::Exited(status) => {
                    self.status = status;
                    self.output.append(&mut sub.output);
                    return Some(sub.captured);
                }
                Yield::Until(_) if sub.captured.len() < CAPTURE_MAX => sub.wait = None,
                _ => break,
            }
        }
        self.services.append(&mut sub.services);
        None
    }

    fn pipeline(&mut self, stages: &[Node], negated: bool, machine: &mut Machine<'_>) {
        if let [one] = stages {
            let mut sub = self.subshell(one.clone());
            if let Yield::Exited(status) = sub.run(machine) {
                self.status = i32::from((status == 0) == negated);
            }
            self.output.append(&mut sub.output);
            return;
        }
        let mut input = None;
        for stage in stages {
            match self.capture(stage.clone(), input.take(), machine) {
                Some(bytes) => input = Some(bytes),
                None => {
                    self.wait = Some(Wait::Forever);
                    return;
                }
            }
        }
        self.emit(Stream::Out, &input.unwrap_or_default(), machine);
        if negated {
            self.status = i32::from(self.status == 0);
        }
    }

    fn simple(&mut self, simple: &Simple, machine: &mut Machine<'_>) {
        let argv: Vec<String> =
            simple.words.iter().flat_map(|word| expand::words(self, word, machine)).collect();
        let values: Vec<(String, String)> = simple
            .assignments
            .iter()
            .map(|(name, word)| (name.clone(), expand::text(self, word, machine)))
            .collect();
        if argv.is_empty() {
            if values.is_empty() {
                self.status = 0;
            }
            self.variables.extend(values);
            if !simple.redirects.is_empty() && self.redirect(&simple.redirects, machine) {
                self.sinks.pop();
            }
            return;
        }
        let kept = self.input.clone();
        if !self.redirect(&simple.redirects, machine) {
            return;
        }
        let before: Vec<(String, Option<String>)> =
            values.iter().map(|(name, _)| (name.clone(), self.variables.get(name).cloned())).collect();
        self.variables.extend(values);
        self.dispatch(argv, machine);
        for (name, value) in before {
            match value {
                Some(value) => drop(self.variables.insert(name, value)),
                None => drop(self.variables.remove(&name)),
            }
        }
        // `exec >file` and waits keep their redirection; everything else gives it back.
        self.sinks.pop();
        if simple.redirects.iter().any(|it| it.fd == 0) {
            self.input = kept;
        }
    }

    pub(super) fn cannot(&mut self, what: &str, machine: &mut Machine<'_>) -> bool {
        self.emit(Stream::Err, format!("sh: {what}\n").as_bytes(), machine);
        self.status = 1;
        false
    }

    pub(super) fn dispatch(&mut self, argv: Vec<String>, machine: &mut Machine<'_>) {
        if let Some(body) = argv.first().and_then(|name| self.functions.get(name)).cloned() {
            let program = self.arguments.first().cloned().unwrap_or_default();
            let arguments = std::iter::once(program).chain(argv.into_iter().skip(1)).collect();
            let before = std::mem::replace(&mut self.arguments, arguments);
            self.stack.push(Frame::Call(before));
            self.keep_sinks();
            self.push((*body).clone());
            return;
        }
        if self.builtin(&argv, machine) {
            return;
        }
        let call = programs::Call {
            argv: &argv,
            variables: &self.variables,
            directory: &self.directory,
            input: self.input.as_deref(),
        };
        let output = programs::run(&call, machine);
        self.take(output, machine);
    }

    /// Ends the present wait, for callers whose time does not pass.
    pub(crate) fn skip_wait(&mut self) {
        self.wait = None;
    }

    /// The services that run in it, its children's too.
    pub(crate) fn services(&self) -> Vec<&Service> {
        self.services.iter().chain(self.children.iter().flat_map(|it| it.services())).collect()
    }

    /// Whether SIGTERM ends it: services and shells with a trap stop; what runs as process 1 without a
    /// handler ignores it.
    pub(crate) fn stops_on_term(&self) -> bool {
        self.services.iter().any(Service::stops_on_term) || self.on_term.is_some()
    }

    /// The code it ends with when SIGTERM ends it.
    pub(crate) fn term_code(&self) -> i32 {
        let handler = self.on_term.as_deref().unwrap_or("");
        let code = handler.split("exit").nth(1).and_then(|it| it.trim().trim_end_matches(';').parse().ok());
        code.unwrap_or(0)
    }
}

fn soonest(stopped: Yield, child_ns: i64) -> Yield {
    if child_ns == i64::MAX {
        return stopped;
    }
    let child = SimTime::from_unix_ns(child_ns);
    match stopped {
        Yield::Until(at) => Yield::Until(at.min(child)),
        Yield::Forever => Yield::Until(child),
        ended @ Yield::Exited(_) => ended,
    }
}
