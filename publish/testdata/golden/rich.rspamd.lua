-- Status: not executed.
-- TLP:AMBER. coldwatch campaign c-51ab0c93f2: Polarhaus Biomedical quotation lure
-- Synthetic: invented data for a demonstration.
-- From mail since 2031-09-07; drop the rule after 2032-11-23.
config['regexp'] = config['regexp'] or {}
local host = '/(?:^|[^a-z0-9.-])(?:[a-z0-9-]+\\.)*(?:files\\.coldquote\\.test|quote-view\\.test)(?:[^a-z0-9.-]|$)/i'
local hidden = '/(?:ZmlsZXMuY29sZHF1b3RlLnRlc3|ZpbGVzLmNvbGRxdW90ZS50ZXN0|maWxlcy5jb2xkcXVvdGUudGVzd|cXVvdGUtdmlldy50ZXN0|F1b3RlLXZpZXcudGVzd|xdW90ZS12aWV3LnRlc3)/'
config['regexp']['COLDWATCH_C_51AB0C93F2_BODY'] = {
  re = host .. '{body}' .. ' | ' .. host .. '{sa_raw_body}' .. ' | ' .. hidden .. '{body}' .. ' | ' .. hidden .. '{sa_raw_body}',
  score = 10.0,
  description = 'Cold chain phishing, campaign c-51ab0c93f2',
}
