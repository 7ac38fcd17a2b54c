//! The frames of SPDY/3.1 that port-forwarding needs.
//!
//! Layout after the protocol's draft 3: a control frame begins with `1|version:15|type:16`, a data frame
//! with `0|stream:31`; both go on with `flags:8|length:24`. Header blocks are one zlib stream a direction,
//! with a dictionary that both sides know.

use std::collections::BTreeMap;

use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_HAS_MORE_INPUT;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// The dictionary of header blocks, from the protocol's draft 3.
const DICTIONARY: &[u8] = include_bytes!("../../../assets/spdy/dictionary.bin");

const VERSION: u16 = 3;

const SYN_STREAM: u16 = 1;
const SYN_REPLY: u16 = 2;
const RST_STREAM: u16 = 3;
const PING: u16 = 6;
const GOAWAY: u16 = 7;

/// The sender sends no more on this stream.
const FIN: u8 = 1;

/// Status of a RST_STREAM: the stream is not taken.
pub(super) const REFUSED: u32 = 3;

/// A frame is at most this long: 16 MiB - 1.
const FRAME_BYTES_MAX: usize = (1 << 24) - 1;

/// A header block is at most this long once it is unpacked.
const HEADERS_BYTES_MAX: usize = 64 * 1024;

/// A frame that a client sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A stream is opened; `end` when nothing more comes on it.
    Open {
        stream: u32,
        headers: BTreeMap<String, String>,
        end: bool,
    },
    Data {
        stream: u32,
        bytes: Vec<u8>,
        end: bool,
    },
    Reset {
        stream: u32,
    },
    Ping {
        id: u32,
    },
    GoAway,
    /// One that needs no answer: settings, windows, further headers.
    Other,
}

/// The bytes are no SPDY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the frames are no SPDY/3.1")]
pub(super) struct Malformed;

/// Reads frames from bytes that come in pieces.
pub(super) struct Reader {
    waiting: Vec<u8>,
    inflate: Inflate,
}

impl Default for Reader {
    fn default() -> Self {
        Self { waiting: Vec::new(), inflate: Inflate::new() }
    }
}

/// 32 KiB: as far back as deflate can refer.
const WINDOW: usize = 32 * 1024;

/// A zlib stream that begins with the dictionary behind it.
struct Inflate {
    state: Box<DecompressorOxide>,
    window: Vec<u8>,
    at: usize,
    /// True once the head of the stream was read.
    begun: bool,
}

impl Inflate {
    fn new() -> Self {
        let mut window = DICTIONARY.to_vec();
        window.resize(WINDOW, 0);
        Self { state: Box::default(), window, at: DICTIONARY.len(), begun: false }
    }

    /// Unpacks what one block adds to the stream.
    fn unpack(&mut self, mut block: &[u8]) -> Result<Vec<u8>, Malformed> {
        if !std::mem::replace(&mut self.begun, true) {
            let (head, rest) = block.split_at_checked(2).ok_or(Malformed)?;
            // Method 8 is deflate; bit 5 of the flags says that a dictionary's checksum follows.
            let dictionary = head.get(1).is_some_and(|flags| flags & 0x20 != 0);
            if head.first().is_none_or(|method| method & 0x0f != 8) {
                return Err(Malformed);
            }
            block = rest.get(if dictionary { 4 } else { 0 }..).ok_or(Malformed)?;
        }
        let mut plain = Vec::new();
        loop {
            let (status, used, written) =
                decompress(&mut self.state, block, &mut self.window, self.at, TINFL_FLAG_HAS_MORE_INPUT);
            plain.extend_from_slice(self.window.get(self.at..self.at + written).ok_or(Malformed)?);
            self.at = (self.at + written) % WINDOW;
            block = block.get(used..).ok_or(Malformed)?;
            match status {
                _ if plain.len() > HEADERS_BYTES_MAX => return Err(Malformed),
                TINFLStatus::HasMoreOutput => {}
                TINFLStatus::NeedsMoreInput if block.is_empty() => return Ok(plain),
                _ => return Err(Malformed),
            }
        }
    }
}

impl Reader {
    /// Takes bytes.
    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// The next whole frame.
    ///
    /// # Errors
    /// When it is none; nothing after it can be read.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, Malformed> {
        let Some((head, rest)) = self.waiting.split_at_checked(8) else { return Ok(None) };
        let word =
            |at: usize| head.get(at..at + 4).and_then(|it| it.try_into().ok()).map_or(0, u32::from_be_bytes);
        let (first, second) = (word(0), word(4));
        let length = usize::try_from(second & 0x00ff_ffff).unwrap_or(usize::MAX);
        let flags = u8::try_from(second >> 24).unwrap_or(0);
        let Some(body) = rest.get(..length) else { return Ok(None) };
        let body = body.to_vec();
        self.waiting.drain(..8 + length);
        if first >> 31 == 0 {
            return Ok(Some(Frame::Data { stream: first, bytes: body, end: flags & FIN != 0 }));
        }
        if u16::try_from(first >> 16 & 0x7fff) != Ok(VERSION) {
            return Err(Malformed);
        }
        self.control(u16::try_from(first & 0xffff).unwrap_or(0), flags, &body).map(Some)
    }

    fn control(&mut self, kind: u16, flags: u8, body: &[u8]) -> Result<Frame, Malformed> {
        let id = || {
            let word = body.get(..4).and_then(|it| it.try_into().ok()).map(u32::from_be_bytes);
            word.map(|it| it & 0x7fff_ffff).ok_or(Malformed)
        };
        Ok(match kind {
            SYN_STREAM => {
                let headers = self.headers(body.get(10..).ok_or(Malformed)?)?;
                Frame::Open { stream: id()?, headers, end: flags & FIN != 0 }
            }
            // The blocks of these are part of the same zlib stream.
            SYN_REPLY | 8 => {
                self.headers(body.get(4..).ok_or(Malformed)?)?;
                Frame::Other
            }
            RST_STREAM => Frame::Reset { stream: id()? },
            PING => Frame::Ping { id: id()? },
            GOAWAY => Frame::GoAway,
            _ => Frame::Other,
        })
    }

    fn headers(&mut self, block: &[u8]) -> Result<BTreeMap<String, String>, Malformed> {
        let plain = self.inflate.unpack(block)?;
        let mut rest = plain.as_slice();
        let count = take_word(&mut rest)?;
        let mut headers = BTreeMap::new();
        for _ in 0..count {
            let name = take_text(&mut rest)?;
            headers.insert(name, take_text(&mut rest)?);
        }
        Ok(headers)
    }
}

fn take_word(rest: &mut &[u8]) -> Result<u32, Malformed> {
    let (word, tail) = rest.split_first_chunk::<4>().ok_or(Malformed)?;
    *rest = tail;
    Ok(u32::from_be_bytes(*word))
}

fn take_text(rest: &mut &[u8]) -> Result<String, Malformed> {
    let length = usize::try_from(take_word(rest)?).map_err(|_| Malformed)?;
    let (text, tail) = rest.split_at_checked(length).ok_or(Malformed)?;
    *rest = tail;
    Ok(String::from_utf8_lossy(text).into_owned())
}

/// Writes frames.
#[derive(Default)]
pub(super) struct Writer {
    /// True once the head of the stream of header blocks was written.
    begun: bool,
}

impl Writer {
    /// A stream is taken.
    pub(super) fn reply(&mut self, stream: u32) -> Vec<u8> {
        // A zlib stream without dictionary whose blocks are stored as they are: a length of 4, its
        // complement, and a count of no headers.
        let head: &[u8] = if std::mem::replace(&mut self.begun, true) { &[] } else { &[0x78, 0x01] };
        // The empty block behind it lets the reader hand out what it has.
        let block = [0x00, 0x04, 0x00, 0xfb, 0xff, 0, 0, 0, 0, 0x00, 0x00, 0x00, 0xff, 0xff];
        control(SYN_REPLY, &[&stream.to_be_bytes()[..], head, &block].concat())
    }

    /// A stream is not taken, or broken off.
    pub(super) fn reset(&self, stream: u32, status: u32) -> Vec<u8> {
        control(RST_STREAM, &[stream.to_be_bytes(), status.to_be_bytes()].concat())
    }

    /// The answer to a ping.
    pub(super) fn pong(&self, id: u32) -> Vec<u8> {
        control(PING, &id.to_be_bytes())
    }

    /// Bytes on a stream; `end` when they are the last.
    pub(super) fn data(&self, stream: u32, bytes: &[u8], end: bool) -> Vec<u8> {
        let length = u32::try_from(bytes.len().min(FRAME_BYTES_MAX)).unwrap_or(0);
        let second = u32::from(if end { FIN } else { 0 }) << 24 | length;
        let body = bytes.get(..FRAME_BYTES_MAX).unwrap_or(bytes);
        [&stream.to_be_bytes()[..], &second.to_be_bytes(), body].concat()
    }
}

fn control(kind: u16, body: &[u8]) -> Vec<u8> {
    let first = 1 << 31 | u32::from(VERSION) << 16 | u32::from(kind);
    let length = u32::try_from(body.len()).unwrap_or(0);
    [&first.to_be_bytes()[..], &length.to_be_bytes(), body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two SYN_STREAM frames of one zlib stream, as zlib packs them with the dictionary.
    const RECORDED: &[u8] = &[
        0x80, 0x03, 0x00, 0x01, 0x01, 0x00, 0x00, 0x3c, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x78, 0xf9, 0xe3, 0xc6, 0xa7, 0xc2, 0x02, 0x25, 0x3a, 0x70, 0x3a, 0x2b, 0x29, 0x4a, 0x4d, 0xcc,
        0x85, 0x16, 0x25, 0xac, 0xa9, 0xa0, 0x80, 0x86, 0x14, 0xcb, 0x45, 0xa0, 0x24, 0xcc, 0x64, 0x61, 0x00,
        0x24, 0x39, 0x8b, 0x20, 0x91, 0x98, 0x09, 0x4a, 0xdc, 0x8c, 0x06, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
        0x80, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0xc2, 0xaa, 0x15, 0x54, 0x0a, 0x25, 0x12, 0xd2, 0x09, 0x00, 0x00, 0x00, 0xff, 0xff,
    ];

    #[test]
    fn frames_are_read_in_pieces() {
        let mut bytes = RECORDED.to_vec();
        bytes.extend(Writer::default().data(3, b"GET", true));
        bytes.extend(Writer::default().pong(7));
        let mut reader = Reader::default();
        let mut frames = Vec::new();
        for byte in bytes {
            reader.feed(&[byte]);
            frames.extend(reader.next().unwrap());
        }
        let [Frame::Open { headers, .. }, Frame::Open { stream: 3, .. }, data, ping] = frames.as_slice()
        else {
            panic!("{frames:?}")
        };
        assert_eq!(headers["streamtype"], "error");
        assert_eq!(*data, Frame::Data { stream: 3, bytes: b"GET".to_vec(), end: true });
        assert_eq!(*ping, Frame::Ping { id: 7 });
    }

    #[test]
    fn other_bytes_are_refused() {
        let mut reader = Reader::default();
        reader.feed(&[0xff; 8]);
        reader.feed(&vec![0xff; FRAME_BYTES_MAX]);
        assert_eq!(reader.next(), Err(Malformed));
        let mut reader = Reader::default();
        reader.feed(&control(SYN_STREAM, &[0xa5; 64]));
        assert_eq!(reader.next(), Err(Malformed));
    }
}
