-- The frame as a table, one row a person, in the order of the person keys (which says nothing of the register's order).
SELECT
    s.person_key,
    s.resident_no,
    s.household_no,
    s.name,
    p.area,
    p.town,
    s.age,
    b.age_band,
    s.sex,
    s.postal_code,
    s.address,
    s.flag AS certification_flag
FROM survivors AS s
LEFT JOIN places AS p ON p.head = s.head
JOIN bands AS b ON b.age = s.age
ORDER BY s.person_key
