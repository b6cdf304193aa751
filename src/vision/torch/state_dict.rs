//! The tensors of a state dict, and where in the file their numbers are.

use std::ops::Range;

use safetensors::tensor::Dtype;

use super::archive::{Archive, Entries};
use super::fault::Fault;
use super::pickle::{Pickle, Place, Value};

/// Keys under which training programs keep the weights, in the order of preference.
const WITHIN: [&str; 4] = ["state_dict", "model", "teacher", "model_state_dict"];

/// Weights are looked for this deep in a file.
const DEEPEST: usize = 3;

/// A tensor, described.
pub(in crate::vision) struct Described {
    pub(in crate::vision) name: String,
    pub(in crate::vision) kind: Dtype,
    pub(in crate::vision) shape: Vec<usize>,
    /// Steps between neighbours along each axis, in numbers; absent where they lie row by row.
    pub(in crate::vision) strides: Option<Vec<usize>>,
    /// From its first to its last number, in the file.
    pub(in crate::vision) bytes: Range<usize>,
}

/// The tensors that the file in `bytes` describes.
pub(in crate::vision) fn read(bytes: &[u8]) -> Result<Vec<Described>, Fault> {
    if bytes.starts_with(&[0x80]) {
        return Err(Fault::Refused(
            "it has the form of torch before 1.6; save it anew with torch.save(torch.load(FILE), \
             FILE)"
                .to_owned(),
        ));
    }
    let Archive { entries, refusal } = Archive::read(bytes)?;
    let (folder, pickle) = description(bytes, &entries, refusal)?;
    let order = entries.get(format!("{folder}byteorder").as_str());
    if order.is_some_and(|range| &bytes[range.clone()] != b"little") {
        return Err(Fault::Refused("its numbers are big-endian".to_owned()));
    }
    let pickle = Pickle::read(pickle)?;
    let reader = Reader {
        pickle: &pickle,
        entries: &entries,
        folder,
    };
    let state = reader.state(pickle.root(), 0).ok_or_else(|| {
        Fault::Refused("it holds no state_dict; save the model's state_dict() alone".to_owned())
    })?;
    let mut described = Vec::new();
    for (key, value) in state {
        if let (Value::Text(name), Some(tensor)) = (pickle.get(*key), reader.tensor(*value)) {
            described.push(reader.describe(name, tensor)?);
        }
    }
    Ok(unwrapped(described))
}

/// The pickle that describes the tensors, and the folder within the archive that it is in.
fn description<'a>(
    bytes: &'a [u8],
    entries: &Entries<'a>,
    refusal: Option<Fault>,
) -> Result<(&'a str, &'a [u8]), Fault> {
    let within = |name: &str, end: &str| {
        name.strip_suffix(end)
            .is_some_and(|folder| folder.ends_with('/'))
    };
    if entries.keys().any(|name| within(name, "constants.pkl")) {
        return Err(Fault::Refused(
            "it is a TorchScript program (as OpenAI's CLIP files are); save \
             torch.jit.load(FILE).state_dict() with torch.save, or take the transformers folder of the model"
                .to_owned(),
        ));
    }
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    let found = entries.iter().find(|(name, _)| within(name, "data.pkl"));
    let (name, range) = found.ok_or_else(|| {
        Fault::Refused("it is a zip archive, and none that torch.save wrote".to_owned())
    })?;
    Ok((
        &name[..name.len() - "data.pkl".len()],
        &bytes[range.clone()],
    ))
}

/// Names without what wrappers put before them: `module.` of parallel training, `backbone.` of DINO's.
fn unwrapped(mut tensors: Vec<Described>) -> Vec<Described> {
    for (wrapper, only) in [("module.", true), ("backbone.", false)] {
        let wrapped = tensors
            .iter()
            .filter(|tensor| tensor.name.starts_with(wrapper))
            .count();
        if wrapped == 0 || (only && wrapped < tensors.len()) {
            continue;
        }
        // beside DINO's backbone there are the heads of its training
        tensors.retain_mut(|tensor| match tensor.name.strip_prefix(wrapper) {
            Some(name) => {
                tensor.name = name.to_owned();
                true
            }
            None => false,
        });
    }
    tensors
}

/// A pickle and what it refers to.
struct Reader<'a> {
    pickle: &'a Pickle<'a>,
    entries: &'a Entries<'a>,
    folder: &'a str,
}

impl<'a> Reader<'a> {
    /// The entries of the state dict in `value`, or of one that it keeps under a usual key.
    fn state(&self, value: &'a Value<'a>, depth: usize) -> Option<&'a [(Place, Place)]> {
        let Value::Dict(pairs) = value else {
            return None;
        };
        if pairs.iter().any(|(_, value)| self.tensor(*value).is_some()) {
            return Some(pairs);
        }
        if depth == DEEPEST {
            return None;
        }
        let under = |key: &str| {
            let named =
                |place: Place| matches!(self.pickle.get(place), Value::Text(text) if *text == key);
            let (_, value) = pairs.iter().rfind(|(place, _)| named(*place))?;
            self.state(self.pickle.get(*value), depth + 1)
        };
        WITHIN.iter().find_map(|key| under(key))
    }

    /// The arguments of the tensor at `place`, whether or not it is a parameter; `None` for something else.
    fn tensor(&self, place: Place) -> Option<&'a [Place]> {
        match self.pickle.get(place) {
            Value::Tensor(arguments) => self.tuple(*arguments),
            Value::Parameter(arguments) => match self.pickle.get(*self.tuple(*arguments)?.first()?)
            {
                Value::Tensor(arguments) => self.tuple(*arguments),
                _ => None,
            },
            _ => None,
        }
    }

    fn tuple(&self, place: Place) -> Option<&'a [Place]> {
        match self.pickle.get(place) {
            Value::Tuple(items) => Some(items),
            _ => None,
        }
    }

    fn whole(&self, place: Place) -> Option<usize> {
        match self.pickle.get(place) {
            Value::Whole(number) => usize::try_from(*number).ok(),
            _ => None,
        }
    }

    fn wholes(&self, place: Place) -> Option<Vec<usize>> {
        self.tuple(place)?
            .iter()
            .map(|item| self.whole(*item))
            .collect()
    }

    /// The tensor called `name` from what `_rebuild_tensor_v2` takes: storage, offset, size, stride.
    fn describe(&self, name: &str, arguments: &[Place]) -> Result<Described, Fault> {
        let wrong = |reason: &str| Fault::Damaged(format!("tensor {name} {reason}"));
        let [storage, offset, shape, strides, ..] = arguments else {
            return Err(wrong("is not described in full"));
        };
        let (kind, content) = self
            .storage(*storage)
            .ok_or_else(|| wrong("has no storage in the file, or one of an unknown type"))?;
        let layout = self
            .whole(*offset)
            .zip(self.wholes(*shape))
            .zip(self.wholes(*strides));
        let ((offset, shape), strides) =
            layout.ok_or_else(|| wrong("has sizes that are no sizes"))?;
        if shape.len() != strides.len() || shape.len() > 8 {
            return Err(wrong("has sizes that are no sizes"));
        }
        let unit = kind.bitsize() / 8;
        let held = content.len() / unit;
        let bounds = extent(&shape, &strides).filter(|(count, reach)| {
            let end = offset.checked_add(*reach);
            *count <= held && end.is_some_and(|end| end <= held)
        });
        let (_, reach) = bounds.ok_or_else(|| wrong("is larger than its storage"))?;
        let start = content.start + offset * unit;
        Ok(Described {
            name: name.to_owned(),
            kind,
            strides: (!is_row_by_row(&shape, &strides)).then_some(strides),
            shape,
            bytes: start..start + reach * unit,
        })
    }

    /// The storage at `place`: ('storage', its class, its key, its device, its length), and where its bytes are.
    fn storage(&self, place: Place) -> Option<(Dtype, Range<usize>)> {
        let Value::Beside(id) = self.pickle.get(place) else {
            return None;
        };
        let [_, class, key, ..] = self.tuple(*id)? else {
            return None;
        };
        let (Value::Name("torch", class), Value::Text(key)) =
            (self.pickle.get(*class), self.pickle.get(*key))
        else {
            return None;
        };
        let kind = match *class {
            "FloatStorage" => Dtype::F32,
            "DoubleStorage" => Dtype::F64,
            "HalfStorage" => Dtype::F16,
            "BFloat16Storage" => Dtype::BF16,
            "BoolStorage" => Dtype::BOOL,
            "ByteStorage" => Dtype::U8,
            "CharStorage" => Dtype::I8,
            "ShortStorage" => Dtype::I16,
            "IntStorage" => Dtype::I32,
            "LongStorage" => Dtype::I64,
            _ => return None,
        };
        let entry = self
            .entries
            .get(format!("{}data/{key}", self.folder).as_str())?;
        Some((kind, entry.clone()))
    }
}

/// How many numbers a tensor has, and how far they reach from its first; `None` beyond what can be counted.
fn extent(shape: &[usize], strides: &[usize]) -> Option<(usize, usize)> {
    if shape.contains(&0) {
        return Some((0, 0));
    }
    let (mut count, mut last) = (1_usize, 0_usize);
    for (size, stride) in shape.iter().zip(strides) {
        count = count.checked_mul(*size)?;
        last = last.checked_add((size - 1).checked_mul(*stride)?)?;
    }
    Some((count, last.checked_add(1)?))
}

/// Whether numbers follow each other as a row-major tensor's do; the stride of an axis of one says nothing.
fn is_row_by_row(shape: &[usize], strides: &[usize]) -> bool {
    let mut step = 1;
    for (size, stride) in shape.iter().zip(strides).rev() {
        if *size != 1 && *stride != step {
            return shape.contains(&0);
        }
        step = step.saturating_mul(*size);
    }
    true
}
