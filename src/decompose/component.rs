//! Components: the parts of a model whose contributions sum to its representation.

use std::fmt;
use std::str::FromStr;

/// What sort of part a component is. The order is the order of listings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ComponentKind {
    /// The embedded tokens that enter the first block.
    Init,
    /// One attention head, output projection applied, its bias left out.
    Head,
    /// One MLP, its output bias left out.
    Mlp,
    /// One convolution branch (MaxViT's MBConv).
    Conv,
    /// All constants: output biases, LayerNorm shifts.
    Bias,
}

impl ComponentKind {
    /// The word used in queries and tables: `head`, `mlp`, `conv`, `init`, `bias`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::Head => "head",
            Self::Mlp => "mlp",
            Self::Conv => "conv",
            Self::Bias => "bias",
        }
    }
}

/// One component. Layers count from the input, from 0, straight through the stages; heads count within their layer.
///
/// MaxViT's blocks hold two attention layers and two MLPs each, so `layer` numbers attention layers (and the MLP that
/// follows each) while `stage` and `block` say where they sit; Swin's layers are its blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Component {
    /// What sort of part.
    pub kind: ComponentKind,
    /// Its layer; 0 for [`ComponentKind::Init`] and [`ComponentKind::Bias`], which have none.
    pub layer: u16,
    /// The head within the layer; 0 for other kinds.
    pub head: u16,
}

impl Component {
    /// Head `head` of layer `layer`.
    #[must_use]
    pub fn head(layer: usize, head: usize) -> Self {
        Self {
            kind: ComponentKind::Head,
            layer: layer as u16,
            head: head as u16,
        }
    }

    /// The MLP of layer `layer`.
    #[must_use]
    pub fn mlp(layer: usize) -> Self {
        Self {
            kind: ComponentKind::Mlp,
            layer: layer as u16,
            head: 0,
        }
    }

    /// Convolution branch `layer`.
    #[must_use]
    pub fn conv(layer: usize) -> Self {
        Self {
            kind: ComponentKind::Conv,
            layer: layer as u16,
            head: 0,
        }
    }

    /// The embedded tokens.
    #[must_use]
    pub fn init() -> Self {
        Self {
            kind: ComponentKind::Init,
            layer: 0,
            head: 0,
        }
    }

    /// All constants.
    #[must_use]
    pub fn bias() -> Self {
        Self {
            kind: ComponentKind::Bias,
            layer: 0,
            head: 0,
        }
    }
}

impl fmt::Display for Component {
    /// `head 5.2`, `mlp 5`, `conv 3`, `init`, `bias`: the form that queries use and files store.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.kind.word();
        match self.kind {
            ComponentKind::Head => write!(f, "{word} {}.{}", self.layer, self.head),
            ComponentKind::Mlp | ComponentKind::Conv => write!(f, "{word} {}", self.layer),
            ComponentKind::Init | ComponentKind::Bias => f.write_str(word),
        }
    }
}

/// A text that names no component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("“{0}” names no component; write `head 5.2`, `mlp 5`, `conv 3`, `init` or `bias`")]
pub struct NotAComponent(pub String);

impl FromStr for Component {
    type Err = NotAComponent;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotAComponent(text.to_owned());
        let number = |digits: &str| digits.parse::<u16>().map(usize::from).map_err(|_| wrong());
        match text.split_once(' ') {
            None if text == "init" => Ok(Self::init()),
            None if text == "bias" => Ok(Self::bias()),
            Some(("mlp", layer)) => Ok(Self::mlp(number(layer)?)),
            Some(("conv", layer)) => Ok(Self::conv(number(layer)?)),
            Some(("head", place)) => {
                let (layer, head) = place.split_once('.').ok_or_else(wrong)?;
                Ok(Self::head(number(layer)?, number(head)?))
            }
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_as_the_component_they_name() {
        for component in [
            Component::init(),
            Component::head(11, 3),
            Component::mlp(0),
            Component::conv(7),
            Component::bias(),
        ] {
            assert_eq!(component.to_string().parse(), Ok(component));
        }
        for wrong in ["head 5", "mlp", "heads 5.2", "head 5.", "head 70000.1", ""] {
            assert_eq!(
                wrong.parse::<Component>(),
                Err(NotAComponent(wrong.to_owned()))
            );
        }
    }
}
