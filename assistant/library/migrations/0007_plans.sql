-- Plans in conversations, as version 0.2.0 names their fields: `filter`, `is_exact`, and a kind of their own for what asks back.
UPDATE answers
   SET answer = json_remove(json_set(answer, '$.plan.filter', json_extract(answer, '$.plan.chosen')), '$.plan.chosen')
 WHERE json_type(answer, '$.plan.chosen') IS NOT NULL;
UPDATE answers
   SET answer = json_remove(
           json_set(answer, '$.plan.is_exact', json(CASE json_type(answer, '$.plan.is_sure') WHEN 'true' THEN 'true' ELSE 'false' END)),
           '$.plan.is_sure')
 WHERE json_type(answer, '$.plan.is_sure') IS NOT NULL;
UPDATE answers
   SET answer = json_set(
           answer, '$.plan.kind', 'clarification', '$.plan.asks', coalesce(json_extract(answer, '$.plan.unclear'), ''))
 WHERE json_array_length(answer, '$.plan.candidates') > 0 OR json_extract(answer, '$.plan.unclear') <> '';
