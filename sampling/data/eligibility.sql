-- Who belongs to the frame (抽出枠), and by which rule a person is left out.
--
-- $reference  the day whose facts decide (基準日);  $known  the day on which they were extracted (抽出日)
-- $born_by    the last day of birth of those who are old enough on $reference
-- Who leaves the ward after $reference stays in the frame: that is a reason not to mail, not to change the frame.
-- A person leaves by the first rule that holds. Of certification nothing goes further than the reason and a flag.
CREATE TEMP TABLE judged AS
WITH fact AS (
    SELECT
        resident_no,
        application,
        applied_on,
        valid_from,
        valid_to,
        decision,
        decided_on IS NOT NULL AND decided_on <= $known AS decided
    FROM certifications
    WHERE applied_on <= $known
),
person AS (
    SELECT
        resident_no,
        bool_or(decided AND decision = 'certified' AND valid_from <= $reference AND valid_to >= $reference) AS valid,
        bool_or(NOT decided AND application = 'new' AND applied_on <= $reference) AS waits_new,
        bool_or(NOT decided AND application = 'renewal' AND applied_on <= $reference) AS waits_renewal,
        bool_or(NOT decided AND application = 'change' AND applied_on <= $reference) AS waits_change,
        bool_or(decided AND decision = 'certified' AND valid_to < $reference) AS lapsed,
        bool_or(decided AND decision = 'not_eligible') AS not_eligible
    FROM fact
    GROUP BY resident_no
),
resident AS (
    SELECT
        position,
        resident_no,
        CASE
            WHEN removed_on <= $reference OR (removed_on IS NULL AND removal IS NOT NULL) THEN 'removed_record'
            WHEN resident_since > $reference THEN 'moved_in_after'
            WHEN birth_date > $born_by THEN 'under_65'
            WHEN protection = 'yes' THEN 'protected'
            ELSE ''
        END AS early
    FROM residents
),
elder AS ( -- only who is still in needs a certification: a null number joins nothing
    SELECT * EXCLUDE (resident_no), CASE WHEN early = '' THEN resident_no END AS resident_no
    FROM resident
)
SELECT
    e.position,
    e.resident_no,
    CASE
        WHEN e.early <> '' THEN e.early
        WHEN p.valid THEN 'certified_valid'
        WHEN p.waits_new THEN 'pending_new'
        WHEN p.waits_renewal THEN 'pending_renewal'
        WHEN p.waits_change THEN 'pending_change'
        WHEN u.resident_no IS NOT NULL THEN 'certification_unclear'
        ELSE ''
    END AS reason,
    CASE WHEN p.lapsed THEN 'lapsed' WHEN p.not_eligible THEN 'not_eligible' ELSE '' END AS flag,
    p.resident_no IS NOT NULL AS applied
FROM elder AS e
LEFT JOIN person AS p USING (resident_no)
LEFT JOIN unclear AS u USING (resident_no)
