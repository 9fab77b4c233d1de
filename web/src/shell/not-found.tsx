import { Compass } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { Button, EmptyState } from "@/ui";

export function NotFound() {
  const { t } = useTranslation("core");
  const [, navigate] = useLocation();
  return (
    <>
      <h1 className="sr-only">{t("notFound.title")}</h1>
      <EmptyState icon={<Compass className="size-6" />} title={t("notFound.title")} text={t("notFound.text")}>
        <Button variant="primary" onClick={() => navigate("/")}>
          {t("notFound.home")}
        </Button>
      </EmptyState>
    </>
  );
}
