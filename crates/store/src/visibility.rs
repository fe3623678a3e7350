//! Who may know of what, as SQL. Every statement that reads cases, records or what hangs on them holds one of these.
//!
//! Parameter `$1` of such a statement is always [`Tx::viewer`](crate::Tx): the account, -1 for the system, -2 for an
//! operator, who is in no restricted case.

/// A case, by its alias: open to all, or restricted with the viewer among those let in.
macro_rules! case_visible {
    ($case:literal) => {
        concat!(
            "(",
            $case,
            ".restricted = 0 OR CAST($1 AS bigint) = -1 OR EXISTS (SELECT 1 FROM case_access va WHERE va.case_id = ",
            $case,
            ".id AND (va.account_id = $1 OR va.group_id IN (SELECT vm.group_id FROM account_group_member vm WHERE vm.account_id = $1))))"
        )
    };
}

/// A record, by its alias: in the library, or in a case that is visible.
macro_rules! record_visible {
    ($record:literal) => {
        concat!(
            "(",
            $record,
            ".library = 1 OR CAST($1 AS bigint) = -1 OR EXISTS (SELECT 1 FROM artifact vr JOIN security_case vc",
            " ON vc.id = vr.case_id WHERE vr.record_id = ",
            $record,
            ".id AND ",
            crate::visibility::case_visible!("vc"),
            "))"
        )
    };
}

/// What was made in a case (a relationship, an annotation, a search), by the column that names the case; 0 is no case.
macro_rules! made_in_visible {
    ($column:literal) => {
        concat!(
            "(",
            $column,
            " = 0 OR EXISTS (SELECT 1 FROM security_case vk WHERE vk.id = ",
            $column,
            " AND ",
            crate::visibility::case_visible!("vk"),
            "))"
        )
    };
}

pub(crate) use {case_visible, made_in_visible, record_visible};
