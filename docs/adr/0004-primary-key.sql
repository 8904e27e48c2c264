-- The figures of 0004-push-fan-out-and-idempotency.md. Needs an account that may make databases called test_*.
CREATE DATABASE IF NOT EXISTS test_adr;
USE test_adr
CREATE OR REPLACE TABLE by_key (user_id BIGINT, tweet_id BIGINT, PRIMARY KEY (user_id, tweet_id));
CREATE OR REPLACE TABLE by_surrogate (id BIGINT AUTO_INCREMENT PRIMARY KEY, user_id BIGINT, tweet_id BIGINT,
    created_at DATETIME(6), UNIQUE (user_id, tweet_id), INDEX (user_id, created_at));

-- 2,000 tweets, each delivered to 1,000 of 100,000 readers by one statement.
DELIMITER //
BEGIN NOT ATOMIC FOR t IN 1..2000 DO
  INSERT IGNORE INTO by_key
    SELECT seq * 100 + t * 7 MOD 100, 217000000000000 + t * 1000003 FROM seq_0_to_999;
END FOR; END//
BEGIN NOT ATOMIC FOR t IN 1..2000 DO
  INSERT IGNORE INTO by_surrogate (user_id, tweet_id, created_at)
    SELECT seq * 100 + t * 7 MOD 100, 217000000000000 + t * 1000003, NOW(6) FROM seq_0_to_999;
END FOR; END//

-- 20,000 first pages of random readers.
BEGIN NOT ATOMIC FOR i IN 1..20000 DO
  SET @reader = FLOOR(RAND() * 100000);
  SELECT SUM(tweet_id) INTO @page FROM
    (SELECT tweet_id FROM by_key WHERE user_id = @reader ORDER BY tweet_id DESC LIMIT 21) AS page;
END FOR; END//
BEGIN NOT ATOMIC FOR i IN 1..20000 DO
  SET @reader = FLOOR(RAND() * 100000);
  SELECT SUM(tweet_id) INTO @page FROM
    (SELECT tweet_id FROM by_surrogate WHERE user_id = @reader ORDER BY created_at DESC LIMIT 21) AS page;
END FOR; END//
DELIMITER ;

ANALYZE TABLE by_key, by_surrogate;
SELECT table_name, ROUND((data_length + index_length) / 1e6) AS megabytes
  FROM information_schema.tables WHERE table_schema = 'test_adr';
DROP DATABASE test_adr;
