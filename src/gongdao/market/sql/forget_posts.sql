-- Words of a thread are never rewritten. After three years they may be erased; who wrote when stays.
DROP TRIGGER market_post_stays ON market_threadpost;
CREATE TRIGGER market_post_stays BEFORE DELETE ON market_threadpost
  FOR EACH ROW EXECUTE FUNCTION market_desk_stays();
CREATE TRIGGER market_post_words_stay BEFORE UPDATE ON market_threadpost FOR EACH ROW
  WHEN (octet_length(NEW.sealed) > 0 OR OLD.at > now() - interval '3 years'
    OR (OLD.id, OLD.thread_id, OLD.number, OLD.side, OLD.by_id, OLD.at)
      IS DISTINCT FROM (NEW.id, NEW.thread_id, NEW.number, NEW.side, NEW.by_id, NEW.at))
  EXECUTE FUNCTION market_desk_stays();
