use alloc::vec::Vec;

use super::Payload;
use crate::{Error, Part, Place, Record};

/// The QR codes of one export, in any order.
///
/// ```
/// use pushotp_provision::{Policy, migration::{self, Batch, Progress}};
///
/// // Two codes of one export, the second one first, and once more.
/// let second = "otpauth-migration://offline?data=Cg4KBWhlbGxvEgNib2IwAhACGAIgASgH";
/// let first = "otpauth-migration://offline?data=ChAKBWhlbGxvEgVhbGljZTACEAIYAiAAKAc";
/// let mut batch = Batch::default();
/// let read = |uri| migration::parse(uri, &Policy::app());
/// assert!(matches!(batch.push(read(second)?)?, Progress::Missing(missing) if missing == [0]));
/// assert!(matches!(batch.push(read(second)?)?, Progress::Missing(missing) if missing == [0]));
/// let Progress::Complete(records) = batch.push(read(first)?)? else { panic!("both were scanned") };
/// assert_eq!(records.len(), 2);
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct Batch {
    parts: Vec<Option<Vec<Record>>>,
    id: i32,
}

/// What is known of an export so far.
///
/// ```
/// use pushotp_provision::{Policy, migration::{self, Batch, Progress}};
///
/// let uri = "otpauth-migration://offline?data=ChAKBWhlbGxvEgVhbGljZTACEAIYAiAAKAc";
/// let Progress::Missing(missing) = Batch::default().push(migration::parse(uri, &Policy::app())?)? else { panic!() };
/// assert_eq!(missing, [1]); // scan this one, counted from 0
/// # Ok::<(), pushotp_provision::Error>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Progress {
    /// Codes that were not scanned, from 0.
    Missing(Vec<usize>),
    /// All tokens, in the order of the export. The batch is empty again.
    Complete(Vec<Record>),
}

impl Batch {
    /// Adds a code. The same one may come again, as cameras scan it.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a code of another export, which leaves the batch as it is.
    ///
    /// ```
    /// # use pushotp_provision::{Error, Part, Policy, migration::{self, Batch}};
    /// let mut batch = Batch::default();
    /// batch.push(migration::parse("otpauth-migration://offline?data=ChAKBWhlbGxvEgVhbGljZTACEAIYAiAAKAc", &Policy::app())?)?;
    /// let other = "otpauth-migration://offline?data=ChAKBWhlbGxvEgVhbGljZTACEAIYAiAAKAg";
    /// let refused = batch.push(migration::parse(other, &Policy::app())?).err();
    /// assert_eq!(refused, Some(Error::Invalid(Part::Field("batch_id"))));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn push(&mut self, payload: Payload) -> Result<Progress, Error> {
        if self.parts.is_empty() {
            self.parts.resize_with(payload.batch_size, || None);
            self.id = payload.batch_id;
        }
        if payload.batch_id != self.id {
            return Err(Error::Invalid(Part::Field("batch_id")));
        }
        if payload.batch_size != self.parts.len() {
            return Err(Error::Invalid(Part::Field("batch_size")));
        }
        let part = self.parts.get_mut(payload.batch_index).ok_or(Error::Invalid(Part::Field("batch_index")))?;
        *part = Some(payload.records);
        let missing: Vec<usize> =
            self.parts.iter().enumerate().filter(|(_, part)| part.is_none()).map(|(place, _)| place).collect();
        if !missing.is_empty() {
            return Ok(Progress::Missing(missing));
        }
        Ok(Progress::Complete(core::mem::take(self).into_records()))
    }

    /// The tokens of the codes that were scanned, if the others are not to be had.
    ///
    /// ```
    /// # use pushotp_provision::{Error, Policy, migration::{self, Batch}};
    /// let mut batch = Batch::default();
    /// batch.push(migration::parse("otpauth-migration://offline?data=ChAKBWhlbGxvEgVhbGljZTACEAIYAiAAKAc", &Policy::app())?)?;
    /// assert_eq!(batch.into_records().len(), 1);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn into_records(self) -> Vec<Record> {
        let mut records: Vec<Record> = self.parts.into_iter().flatten().flatten().collect();
        for (place, record) in records.iter_mut().enumerate() {
            record.place = Place::Entry(place);
        }
        records
    }
}
