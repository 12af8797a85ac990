-- The draw: in each stratum the n_h persons with the smallest h, then the smallest person key (binary collation).
-- h = SHA-256(key_hex || "|" || person_key), lower-case hex. Nothing but the key and the person decides.
WITH number AS (
    SELECT
        position,
        person_key,
        stratum,
        sha256($key_hex || '|' || person_key) AS h
    FROM frame
)
SELECT
    position,
    stratum,
    h
FROM number
JOIN plan USING (stratum)
QUALIFY row_number() OVER (PARTITION BY stratum ORDER BY h, person_key) <= plan.sample
ORDER BY stratum, h, person_key
