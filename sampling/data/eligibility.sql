-- Who belongs to the frame (抽出枠), and by which rule a person is left out.
--
-- $reference  the day whose facts decide (基準日, D);  $known  the day on which they were extracted (抽出日, K)
-- $born_by    the last day of birth of those who are old enough on D
-- Who leaves the ward after D stays in the frame: that is a reason not to mail, not to change the frame.
-- A person leaves by the first rule that holds. Of certification nothing goes further than the reason and a flag.
--
-- certifications.person is the place of the row's person in the resident register, null where nobody was found.

-- One row of the certification register as it stood on K.
CREATE TEMP TABLE fact AS
WITH seen AS (
    SELECT
        *,
        coalesce(decided_on <= $known, FALSE) AS decided,
        -- a change request refused near the end of a period may count as a renewal (みなし更新): then it has a period
        outcome IS NOT NULL
            AND coalesce(decided_on <= $known, TRUE)
            AND NOT coalesce(
                application = 'change' AND outcome = 'rejected' AND decision = 'certified'
                AND valid_from IS NOT NULL AND valid_to IS NOT NULL,
                FALSE
            ) AS ended
    FROM certifications
    WHERE person IS NOT NULL AND coalesce(applied_on <= $known, TRUE)
)
SELECT
    person AS position,
    application,
    coalesce(applied_on, decided_on, valid_from) AS applied_on,
    valid_from,
    valid_to,
    outcome,
    ended,
    NOT ended AND decided AND coalesce(decision = 'certified', FALSE) AS granted,
    NOT ended AND decided AND coalesce(decision = 'not_eligible', FALSE) AS refused,
    NOT ended AND coalesce(decision = 'checklist' AND coalesce(decided_on <= $known, TRUE), FALSE) AS checklist,
    NOT ended AND NOT decided AND (decided_on > $known OR decision IS NULL) AS waits,
    -- a decision without its day, a day without its decision, a certification without its period, an open
    -- application without its kind or day
    NOT ended AND (
        (decided AND decision IS NULL)
        OR (decided_on IS NULL AND decision IN ('certified', 'not_eligible'))
        OR (decided AND decision = 'certified' AND (valid_from IS NULL OR valid_to IS NULL)
            AND coalesce(valid_from, $reference) <= $reference)
        OR (waits AND (application IS NULL OR applied_on IS NULL) AND coalesce(applied_on, $reference) <= $reference)
    ) AS unclear
FROM seen;

-- What the rows of one person say together.
CREATE TEMP TABLE person AS
WITH summed AS (
    SELECT
        position,
        -- the latest application whose period holds D: a new decision takes effect back (介護保険法27条8項)
        max(applied_on) FILTER (granted AND valid_from <= $reference AND valid_to >= $reference) AS valid_applied,
        max(valid_to) FILTER (granted AND valid_to < $reference) AS old_end,
        max(applied_on) FILTER (granted AND valid_to < $reference) AS old_applied,
        max(applied_on) FILTER (refused) AS refused_applied,
        max(applied_on) FILTER (ended) AS ended_applied,
        max(applied_on) FILTER (ended AND application = 'change' AND outcome = 'rejected') AS rejected_applied,
        min(applied_on) FILTER (waits AND application = 'renewal' AND applied_on <= $reference) AS renewal_applied,
        bool_or(
            waits AND (
                (application = 'new' AND applied_on <= $reference)
                -- who moves in with a certification files later, and it holds from the move
                OR (application = 'transfer' AND applied_on <= $transfer_until)
            )
        ) AS waits_new,
        bool_or(waits AND application IN ('change', 'ex_officio') AND applied_on <= $reference) AS waits_change,
        bool_or(
            checklist
            AND coalesce(valid_from, applied_on, $reference) <= $reference
            AND coalesce(valid_to, $reference) >= $reference
        ) AS checklist,
        bool_or(unclear) AS unclear
    FROM fact
    GROUP BY position
),
contradicted AS ( -- a period holds D, and the same or a later application was refused
    SELECT DISTINCT f.position
    FROM fact AS f
    JOIN summed AS s USING (position)
    WHERE f.refused AND s.valid_applied IS NOT NULL AND (
        (f.valid_from <= $reference AND f.valid_to >= $reference)
        OR f.applied_on = s.valid_applied
        OR (f.applied_on > s.valid_applied AND f.applied_on <= $reference
            AND f.application IS DISTINCT FROM 'renewal') -- a renewal is refused for the time after the period
    )
)
SELECT
    s.position,
    s.valid_applied IS NOT NULL AND c.position IS NULL AS valid,
    -- a renewal filed after the end of the period is a new application
    coalesce(s.waits_new, FALSE) OR coalesce(s.renewal_applied > s.old_end, FALSE) AS pending_new,
    s.renewal_applied IS NOT NULL AND coalesce(s.renewal_applied <= s.old_end, TRUE) AS pending_renewal,
    coalesce(s.waits_change, FALSE) AS pending_change,
    coalesce(s.unclear, FALSE)
        OR c.position IS NOT NULL
        OR coalesce(
            s.rejected_applied BETWEEN s.old_end - $renewal_window AND s.old_end
            AND coalesce(s.refused_applied < s.rejected_applied, TRUE),
            FALSE
        ) AS unclear,
    -- how it ended: the latest application says it
    CASE
        WHEN s.checklist THEN 'checklist'
        WHEN s.waits_new OR s.renewal_applied IS NOT NULL THEN NULL
        WHEN s.old_applied >= greatest(s.old_applied, s.refused_applied, s.ended_applied) THEN 'lapsed'
        WHEN s.refused_applied >= greatest(s.refused_applied, s.ended_applied) THEN 'not_eligible'
        WHEN s.ended_applied IS NOT NULL THEN 'withdrawn'
    END AS past
FROM summed AS s
LEFT JOIN contradicted AS c USING (position);

CREATE TEMP TABLE judged AS
WITH resident AS (
    SELECT
        *,
        CASE
            WHEN removed_on <= $reference OR (removed_on IS NULL AND removal IS NOT NULL) THEN 'removed_record'
            WHEN registered = 'non_resident' THEN 'non_resident'
            WHEN resident_since > $reference THEN 'moved_in_after'
            WHEN birth_date > $born_by AND birth_date <= $known THEN 'under_65'
            WHEN birth_latest <= $born_by THEN ''
            ELSE 'age_undecidable' -- the birth date is partly unknown, or in the future
        END AS early
    FROM residents
),
elder AS ( -- only who is still in needs a certification: a null place joins nothing
    SELECT
        * EXCLUDE (position),
        position AS place,
        CASE WHEN early = '' THEN position END AS position,
        -- in force on any day from D to K
        (protection = 'yes' OR (protection IS NULL AND protection_from IS NOT NULL))
            AND coalesce(protection_from <= $known, TRUE)
            AND coalesce(protection_to >= $reference, TRUE) AS protected
    FROM resident
)
SELECT
    e.place AS position,
    e.resident_no,
    CASE
        WHEN e.early <> '' THEN e.early
        WHEN e.protected THEN 'protected'
        WHEN p.valid THEN 'certified_valid'
        WHEN p.pending_new AND $pending_new THEN 'pending_new'
        WHEN p.pending_renewal AND $pending_renewal THEN 'pending_renewal'
        WHEN p.pending_change THEN 'pending_change'
        WHEN p.unclear OR e.unclear THEN 'certification_unclear'
        WHEN e.undecided THEN 'link_undecided'
        WHEN e.insured_elsewhere AND $insured_elsewhere THEN 'insured_elsewhere'
        WHEN e.exempt AND $exempt THEN 'exempt'
        WHEN e.institution AND $institution THEN 'institution'
        WHEN p.past = 'checklist' AND $checklist THEN 'checklist'
        WHEN p.past = 'lapsed' AND $lapsed THEN 'lapsed'
        WHEN p.past = 'not_eligible' AND $not_eligible THEN 'not_eligible'
        WHEN p.past = 'withdrawn' AND $withdrawn THEN 'withdrawn'
        WHEN e.resident_since >= $movers_from AND $recent_mover THEN 'recent_mover'
        WHEN e.opted_out THEN 'opted_out'
        WHEN e.earlier_sample AND $earlier_sample THEN 'earlier_sample'
        ELSE ''
    END AS reason,
    CASE
        WHEN e.early <> '' THEN ''
        ELSE concat_ws(
            ';',
            CASE WHEN p.pending_new THEN 'pending_new' END,
            CASE WHEN p.pending_renewal THEN 'pending_renewal' END,
            CASE WHEN e.insured_elsewhere THEN 'insured_elsewhere' END,
            CASE WHEN e.exempt THEN 'exempt' END,
            CASE WHEN e.institution THEN 'institution' END,
            p.past,
            CASE WHEN e.resident_since >= $movers_from THEN 'recent_mover' END,
            CASE WHEN e.earlier_sample THEN 'earlier_sample' END
        )
    END AS flag,
    e.position IS NOT NULL AS elder,
    p.position IS NOT NULL AS applied
FROM elder AS e
LEFT JOIN person AS p USING (position);
