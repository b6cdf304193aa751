//! Python's pickle format, as far as a state dict needs it, read as data: nothing in it is ever called.
//!
//! A pickle is a program for a stack machine that can call any function of Python by name. This machine knows the few
//! names that describe tensors (those that `torch.load(weights_only=True)` allows, less) and refuses every other. Values
//! lie in one arena and refer to each other by place, so that memoised and even cyclic ones cost nothing to repeat.

use std::collections::HashMap;

use super::fault::Fault;

/// Larger programs describe more than any model's tensors.
const LONGEST: usize = 8 << 20;

/// A value's place in the arena.
pub(super) type Place = usize;

/// What a pickle describes.
#[derive(Debug)]
pub(super) enum Value<'a> {
    /// `None`, numbers with a fraction, devices: nothing that describes a tensor's layout.
    Other,
    /// A flag or an integer.
    Whole(i64),
    Text(&'a str),
    Tuple(Vec<Place>),
    List(Vec<Place>),
    Dict(Vec<(Place, Place)>),
    /// A known name: module and name in it.
    Name(&'a str, &'a str),
    /// Something kept beside the pickle, a tensor's storage.
    Beside(Place),
    /// A tensor: the tuple of what `torch._utils._rebuild_tensor_v2` takes.
    Tensor(Place),
    /// A parameter: the tuple of its tensor and its settings.
    Parameter(Place),
}

/// A pickle, read.
pub(super) struct Pickle<'a> {
    values: Vec<Value<'a>>,
    root: Place,
}

impl<'a> Pickle<'a> {
    /// Reads the pickle in `bytes`.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        if bytes.len() > LONGEST {
            return Err(Fault::Refused(format!(
                "its description of tensors takes {} bytes, more than any model's",
                bytes.len()
            )));
        }
        let mut machine = Machine {
            bytes,
            at: 0,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        };
        while machine.step()? {}
        let root = machine.pop()?;
        Ok(Self {
            values: machine.values,
            root,
        })
    }

    /// What the whole pickle describes.
    pub(super) fn root(&self) -> &Value<'a> {
        self.get(self.root)
    }

    /// The value at `place`.
    pub(super) fn get(&self, place: Place) -> &Value<'a> {
        &self.values[place]
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value<'a>>,
    stack: Vec<Place>,
    /// How high the stack was at each mark.
    marks: Vec<usize>,
    memo: HashMap<u64, Place>,
}

impl<'a> Machine<'a> {
    /// One instruction (numbered as in Python's `pickletools`); false at the end.
    fn step(&mut self) -> Result<bool, Fault> {
        let code = self.number(1)?;
        match code as u8 {
            b'.' => return Ok(false),
            0x80 => drop(self.take(1)?),
            0x95 => drop(self.take(8)?), // a frame, which only helps readers of streams
            b'(' => self.marks.push(self.stack.len()),
            b'N' => self.push(Value::Other),
            b'G' => {
                self.take(8)?;
                self.push(Value::Other);
            }
            0x88 => self.push(Value::Whole(1)),
            0x89 => self.push(Value::Whole(0)),
            b'K' => self.whole(1)?,
            b'M' => self.whole(2)?,
            b'J' => {
                let number = self.number(4)? as u32;
                self.push(Value::Whole(i64::from(number as i32)));
            }
            0x8A => self.long()?,
            b'X' => self.text(4)?,
            0x8C => self.text(1)?,
            0x8D => self.text(8)?,
            b')' => self.push(Value::Tuple(Vec::new())),
            b']' => self.push(Value::List(Vec::new())),
            b'}' => self.push(Value::Dict(Vec::new())),
            0x85 => self.tuple(1)?,
            0x86 => self.tuple(2)?,
            0x87 => self.tuple(3)?,
            b't' => {
                let items = self.marked()?;
                self.push(Value::Tuple(items));
            }
            b'a' => {
                let item = self.pop()?;
                self.list()?.push(item);
            }
            b'e' => {
                let items = self.marked()?;
                self.list()?.extend(items);
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.dict()?.push((key, value));
            }
            b'u' => {
                let items = self.marked()?;
                let pairs = items.chunks_exact(2).map(|pair| (pair[0], pair[1]));
                self.dict()?.extend(pairs);
            }
            b'q' => self.remember(1)?,
            b'r' => self.remember(4)?,
            0x94 => {
                let top = *self.stack.last().ok_or_else(senseless)?;
                self.memo.insert(self.memo.len() as u64, top);
            }
            b'h' => self.recall(1)?,
            b'j' => self.recall(4)?,
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.name(module, name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (&self.values[module], &self.values[name]) {
                    (&Value::Text(module), &Value::Text(name)) => self.name(module, name)?,
                    _ => return Err(senseless()),
                }
            }
            b'Q' => {
                let id = self.pop()?;
                self.push(Value::Beside(id));
            }
            b'R' | 0x81 => self.call()?,
            b'b' => self.build()?,
            other => {
                return Err(Fault::Refused(format!(
                    "its pickle has an instruction (0x{other:02x}) that no state dict needs"
                )));
            }
        }
        Ok(true)
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| Fault::Damaged("its pickle ends too early".to_owned()))?;
        self.at += count;
        Ok(taken)
    }

    /// A number of `count` bytes, at most eight.
    fn number(&mut self, count: usize) -> Result<u64, Fault> {
        let bytes = self.take(count)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn line(&mut self) -> Result<&'a str, Fault> {
        let rest = &self.bytes[self.at..];
        let length = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or_else(senseless)?;
        let line = self.take(length)?;
        self.take(1)?;
        std::str::from_utf8(line).map_err(|_| senseless())
    }

    fn push(&mut self, value: Value<'a>) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    fn pop(&mut self) -> Result<Place, Fault> {
        let floor = self.marks.last().copied().unwrap_or(0);
        if self.stack.len() <= floor {
            return Err(senseless());
        }
        self.stack.pop().ok_or_else(senseless)
    }

    /// Everything above the last mark.
    fn marked(&mut self) -> Result<Vec<Place>, Fault> {
        let mark = self.marks.pop().ok_or_else(senseless)?;
        Ok(self.stack.split_off(mark))
    }

    fn whole(&mut self, count: usize) -> Result<(), Fault> {
        let number = self.number(count)?;
        self.push(Value::Whole(number as i64));
        Ok(())
    }

    /// An integer of any length, little-endian in two's complement.
    fn long(&mut self) -> Result<(), Fault> {
        let count = self.number(1)? as usize;
        let bytes = self.take(count)?;
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let value = if count <= 8 {
            let mut eight = [if negative { 0xFF } else { 0 }; 8];
            eight[..count].copy_from_slice(bytes);
            Value::Whole(i64::from_le_bytes(eight))
        } else {
            Value::Other
        };
        self.push(value);
        Ok(())
    }

    fn text(&mut self, count: usize) -> Result<(), Fault> {
        let length = usize::try_from(self.number(count)?).map_err(|_| senseless())?;
        let text = std::str::from_utf8(self.take(length)?).map_err(|_| senseless())?;
        self.push(Value::Text(text));
        Ok(())
    }

    fn tuple(&mut self, count: usize) -> Result<(), Fault> {
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(self.pop()?);
        }
        items.reverse();
        self.push(Value::Tuple(items));
        Ok(())
    }

    fn list(&mut self) -> Result<&mut Vec<Place>, Fault> {
        let top = self.stack.last().ok_or_else(senseless)?;
        match &mut self.values[*top] {
            Value::List(items) => Ok(items),
            _ => Err(senseless()),
        }
    }

    fn dict(&mut self) -> Result<&mut Vec<(Place, Place)>, Fault> {
        let top = self.stack.last().ok_or_else(senseless)?;
        match &mut self.values[*top] {
            Value::Dict(pairs) => Ok(pairs),
            _ => Err(senseless()),
        }
    }

    fn remember(&mut self, count: usize) -> Result<(), Fault> {
        let number = self.number(count)?;
        let top = *self.stack.last().ok_or_else(senseless)?;
        self.memo.insert(number, top);
        Ok(())
    }

    fn recall(&mut self, count: usize) -> Result<(), Fault> {
        let number = self.number(count)?;
        let place = *self.memo.get(&number).ok_or_else(senseless)?;
        self.stack.push(place);
        Ok(())
    }

    /// A name of Python's: one of those that describe tensors, or the end.
    fn name(&mut self, module: &'a str, name: &'a str) -> Result<(), Fault> {
        let known = match module {
            "collections" => name == "OrderedDict",
            "torch._utils" => matches!(name, "_rebuild_tensor_v2" | "_rebuild_parameter"),
            "torch" => matches!(name, "Size" | "device") || name.ends_with("Storage"),
            _ => false,
        };
        if !known {
            return Err(Fault::Refused(format!(
                "it wants Python to run {module}.{name}, and only descriptions of tensors are read; save the model's \
                 state_dict() alone, or as safetensors"
            )));
        }
        self.push(Value::Name(module, name));
        Ok(())
    }

    /// What a known name makes of its arguments.
    fn call(&mut self) -> Result<(), Fault> {
        let (arguments, name) = (self.pop()?, self.pop()?);
        let Value::Name(_, name) = self.values[name] else {
            return Err(senseless());
        };
        let Value::Tuple(given) = &self.values[arguments] else {
            return Err(senseless());
        };
        let made = match name {
            "OrderedDict" if given.is_empty() => Value::Dict(Vec::new()),
            "_rebuild_tensor_v2" => Value::Tensor(arguments),
            "_rebuild_parameter" => Value::Parameter(arguments),
            "Size" | "device" => Value::Other,
            _ => return Err(senseless()),
        };
        self.push(made);
        Ok(())
    }

    /// Attributes of an object: a state dict has its modules' versions there, which say nothing about tensors.
    fn build(&mut self) -> Result<(), Fault> {
        self.pop()?;
        self.dict().map(drop)
    }
}

fn senseless() -> Fault {
    Fault::Damaged("its pickle makes no sense".to_owned())
}
