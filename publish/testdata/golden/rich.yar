// Status: not executed.
// TLP:AMBER. coldwatch campaign c-51ab0c93f2: Polarhaus Biomedical quotation lure
// Synthetic: invented data for a demonstration.
// From mail since 2031-09-07; drop the rule after 2032-11-23.
import "hash"

rule coldwatch_c_51ab0c93f2
{
  meta:
    description = "Attachment of the campaign Polarhaus Biomedical quotation lure"
    author = "coldwatch"
    tlp = "TLP:AMBER"
    date = "2031-09-07"
  strings:
    $host0 = "files.coldquote.test" ascii wide nocase fullword
    $coded0 = "files.coldquote.test" base64 base64wide
    $host1 = "polarhaus-biomed.example" ascii wide nocase fullword
    $coded1 = "polarhaus-biomed.example" base64 base64wide
    $host2 = "polarhaus-quotes.example" ascii wide nocase fullword
    $coded2 = "polarhaus-quotes.example" base64 base64wide
    $host3 = "quote-view.test" ascii wide nocase fullword
    $coded3 = "quote-view.test" base64 base64wide
  condition:
    filesize < 20MB and (
      any of them
      or hash.sha256(0, filesize) == "01d55557ecdae250daf0120901373870e2a493b178431392b0c1b8abd3aa4939"
      or hash.sha256(0, filesize) == "08a57b2954f15a43ddc7d37bcc5c866860739ca6f137a62e519144326877bc3d"
    )
}
