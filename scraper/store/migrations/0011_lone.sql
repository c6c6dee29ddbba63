-- `item_half.paired` tells what a half became part of first: 0 nothing yet, 1 a pair, 2 an item of its own.

UPDATE item_half SET paired = 2 WHERE paired = 1 AND (
    EXISTS (SELECT 1 FROM item WHERE item.request_id = item_half.request_id AND item.type = item_half.type
        AND carry = '' AND last_cycle >= item_half.cycle)
    OR EXISTS (SELECT 1 FROM rejected WHERE rejected.request_id = item_half.request_id AND carry = ''));
