//! Where what programs write goes: redirections, pipes, files and the streams of the container.

use super::*;

impl Vm {
    /// Pushes the streams as redirections say; false when a file cannot be opened.
    pub(super) fn redirect(&mut self, redirects: &[Redirect], machine: &mut Machine<'_>) -> bool {
        let mut sinks = self.sinks.last().cloned().unwrap_or(Sinks { out: Sink::Null, err: Sink::Null });
        for redirect in redirects {
            let target = expand::text(self, &redirect.target, machine);
            let path = files::clean(&self.directory, &target);
            let fresh = match redirect.kind {
                RedirectKind::Here => {
                    self.input = Some(target.into_bytes());
                    continue;
                }
                RedirectKind::Read => match machine.world.read_file(machine.place, &path) {
                    Ok(bytes) => {
                        self.input = Some(bytes.to_vec());
                        continue;
                    }
                    Err(error) => return self.cannot(&format!("can't open {target}: {error}"), machine),
                },
                RedirectKind::Duplicate => match target.as_str() {
                    "1" => sinks.out.clone(),
                    "2" => sinks.err.clone(),
                    _ => Sink::Null,
                },
                _ => match path.as_str() {
                    "/dev/null" => Sink::Null,
                    "/dev/stdout" | "/proc/1/fd/1" | "/proc/self/fd/1" => Sink::Stream(Stream::Out),
                    "/dev/stderr" | "/proc/1/fd/2" | "/proc/self/fd/2" => Sink::Stream(Stream::Err),
                    _ => {
                        let append = redirect.kind == RedirectKind::Append;
                        let op = if append {
                            FileOp::Append { path: &path, bytes: b"" }
                        } else {
                            FileOp::Write { path: &path, bytes: b"" }
                        };
                        if let Err(error) = machine.world.change_files(machine.place, op) {
                            return self.cannot(&format!("can't create {target}: {error}"), machine);
                        }
                        Sink::File(path)
                    }
                },
            };
            if redirect.fd == 2 {
                sinks.err = fresh;
            } else {
                sinks.out = fresh;
            }
        }
        self.sinks.push(sinks);
        true
    }

    pub(super) fn take(&mut self, output: Output, machine: &mut Machine<'_>) {
        self.emit(Stream::Out, &output.out, machine);
        self.emit(Stream::Err, &output.err, machine);
        match output.effect {
            Effect::Exit(status) => self.status = status,
            Effect::Wait(wait) => {
                self.status = 0;
                self.wait = Some(wait);
            }
            Effect::Serve(service) => {
                self.services.push(service);
                self.wait = Some(Wait::Forever);
            }
            Effect::Become(argv) => self.dispatch(argv, machine),
            Effect::Script { text, arguments } => match parse::script(&text) {
                Ok(node) => {
                    let before = std::mem::replace(&mut self.arguments, arguments);
                    self.stack.push(Frame::Process);
                    self.stack.push(Frame::Call(before));
                    self.keep_sinks();
                    self.push(node);
                }
                Err(error) => {
                    self.emit(Stream::Err, format!("sh: {error}\n").as_bytes(), machine);
                    self.status = 2;
                }
            },
        }
    }

    /// Lets the streams of the present call last for all that it is about to run.
    pub(super) fn keep_sinks(&mut self) {
        if let Some(sinks) = self.sinks.last().cloned() {
            self.sinks.insert(self.sinks.len() - 1, sinks);
            self.stack.push(Frame::Sinks);
        }
    }

    /// Writes to a stream as the redirections say.
    pub(super) fn emit(&mut self, stream: Stream, bytes: &[u8], machine: &mut Machine<'_>) {
        if bytes.is_empty() {
            return;
        }
        let sinks = self.sinks.last();
        let sink = sinks.map(|it| if stream == Stream::Out { it.out.clone() } else { it.err.clone() });
        match sink {
            Some(Sink::Stream(stream)) => self.output.push((stream, bytes.to_vec())),
            Some(Sink::Capture) => self.captured.extend_from_slice(bytes),
            Some(Sink::File(path)) => {
                // A full or read-only file system loses the text, as it does in reality.
                let _ = machine.world.change_files(machine.place, FileOp::Append { path: &path, bytes });
            }
            Some(Sink::Null) | None => {}
        }
    }

    /// Takes what was written since the last time.
    pub(crate) fn take_output(&mut self) -> Vec<(Stream, Vec<u8>)> {
        std::mem::take(&mut self.output)
    }
}
