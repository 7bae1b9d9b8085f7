use std::error::Error;
use std::fmt::{self, Debug, Display, Formatter};

use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceCode};

use crate::outcome::visible;

/// A failure whose foreign texts are visible: names that it quotes, and the
/// excerpt of the file that it points into.
pub(super) struct Visible<'a> {
    failure: &'a dyn Diagnostic,
    file: Option<NamedSource<String>>,
    cause: Option<Cause>,
}

impl<'a> Visible<'a> {
    pub(super) fn new(failure: &'a dyn Diagnostic) -> Self {
        Self {
            failure,
            file: failure.source_code().and_then(excerpt),
            cause: failure.source().map(Cause::of),
        }
    }
}

impl Display for Visible<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&block(self.failure))
    }
}

impl Debug for Visible<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Error for Visible<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

impl Diagnostic for Visible<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.failure.code().map(|code| Box::new(block(&code)) as _)
    }

    fn severity(&self) -> Option<Severity> {
        self.failure.severity()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        self.failure.help().map(|help| Box::new(block(&help)) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.file.as_ref().map(|file| file as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let visible = |label: LabeledSpan| {
            LabeledSpan::new_with_span(label.label().map(|text| block(&text)), *label.inner())
        };
        self.failure.labels().map(|labels| Box::new(labels.map(visible)) as _)
    }
}

/// The cause of a failure.
struct Cause {
    text: String,
    next: Option<Box<Cause>>,
}

impl Cause {
    fn of(error: &(dyn Error + 'static)) -> Self {
        let next = error.source().map(|source| Box::new(Self::of(source)));
        Self { text: block(&error), next }
    }
}

impl Display for Cause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Debug for Cause {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.next.as_ref().map(|next| next.as_ref() as _)
    }
}

/// The file with every character visible, at the same places.
fn excerpt(source: &dyn SourceCode) -> Option<NamedSource<String>> {
    let whole = source.read_span(&(0, 0).into(), 0, usize::MAX).ok()?;
    let text = visible::excerpt(&String::from_utf8_lossy(whole.data()));
    let file = NamedSource::new(visible::line(whole.name().unwrap_or_default()), text);
    Some(match whole.language() {
        Some(language) => file.with_language(language),
        None => file,
    })
}

fn block(text: &(impl Display + ?Sized)) -> String {
    visible::block(&text.to_string()).into_owned()
}
