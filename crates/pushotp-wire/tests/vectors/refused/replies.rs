use pushotp_wire::Error;

use super::with;
use crate::{
    cbor::{bytes, text, uint},
    enrols::{response, token_info},
    format::{Refusal, To},
    messages::{RH, cancel, pending, result},
    peer::{TOKEN, envelope, payload},
};

type Case = (&'static str, Vec<u8>, Error);

fn results() -> Vec<Case> {
    let of = |at: usize, item: Vec<u8>| envelope(65285, &payload(&with(result(), at, item)));
    let accepted = |left: u64, fails: u64| {
        let fields = with(with(result(), 3, uint(0)), 4, uint(left));
        envelope(65285, &payload(&with(fields, 5, uint(fails))))
    };
    vec![
        ("result_version_2", of(0, uint(2)), Error::Version),
        ("result_id_of_15_bytes", of(1, bytes([1; 15])), Error::Shape),
        ("result_hash_of_31_bytes", of(2, bytes([1; 31])), Error::Shape),
        ("result_status_7", of(3, uint(7)), Error::Field("status")),
        ("result_status_as_text", of(3, text("ok")), Error::Shape),
        ("result_left_3", of(4, uint(3)), Error::Field("left")),
        ("result_wrong_passcode_none_left", of(4, uint(0)), Error::Field("left")),
        ("result_accepted_one_left", accepted(1, 0), Error::Field("left")),
        ("result_wrong_passcode_with_failures", of(5, uint(1)), Error::Field("fails")),
        ("result_failures_256", of(5, uint(256)), Error::Shape),
        ("result_before_2020", of(6, uint(5)), Error::Field("sts")),
        ("result_one_element_more", envelope(65285, &payload(&[&result()[..], &[uint(0)]].concat())), Error::Shape),
    ]
}

fn others() -> Vec<Case> {
    let of_cancel = |at: usize, item: Vec<u8>| envelope(65286, &payload(&with(cancel(), at, item)));
    let item = envelope(65286, &payload(&cancel()));
    let of_pending = |items: &[Vec<u8>]| envelope(65288, &payload(&pending(items)));
    let enrolled = payload(&response(&RH, 0, &[token_info(TOKEN, "Bank", 1)]));
    vec![
        ("cancel_version_0", of_cancel(0, uint(0)), Error::Version),
        ("cancel_reason_6", of_cancel(2, uint(6)), Error::Field("reason")),
        ("cancel_after_2100", of_cancel(3, uint(4_102_444_801)), Error::Field("sts")),
        ("cancel_one_element_fewer", envelope(65286, &payload(&cancel()[..3])), Error::Shape),
        ("pending_version_2", envelope(65288, &payload(&with(pending(&[]), 0, uint(2)))), Error::Version),
        ("pending_nonce_of_15_bytes", envelope(65288, &payload(&with(pending(&[]), 1, bytes([4; 15])))), Error::Shape),
        ("pending_nine_items", of_pending(&vec![item.clone(); 9]), Error::Field("items")),
        ("pending_item_of_118_bytes", of_pending(&[vec![0; 118]]), Error::Field("items")),
        ("pending_item_as_text", envelope(65288, &payload(&with(pending(&[]), 3, text("item")))), Error::Shape),
        ("pending_before_2020", envelope(65288, &payload(&with(pending(&[]), 2, uint(0)))), Error::Field("sts")),
        ("enrol_response_after_the_enrolment", envelope(65290, &enrolled), Error::Direction),
    ]
}

fn accepted() -> Vec<Refusal> {
    let item = envelope(65286, &payload(&cancel()));
    let eight = envelope(65288, &payload(&pending(&vec![item; 8])));
    // Each item is opened on its own, later.
    let garbage = envelope(65288, &payload(&pending(&[vec![0; 119]])));
    let cases = [("pending_eight_items", eight), ("pending_item_that_does_not_open", garbage)];
    cases.map(|(id, message)| Refusal::accepted(id, To::Device, message)).into()
}

pub(crate) fn cases() -> Vec<Refusal> {
    let all = results().into_iter().chain(others());
    all.map(|(id, message, error)| Refusal::dropped(id, message, error)).chain(accepted()).collect()
}
